"""Two processes: one set of buffers to validate, other random numbers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from torch import nn

from tests.engine.forking import run_forked, train_forked
from tests.engine.toy import write_config
from trimodal.engine.hooks import BroadcastBuffersHook
from trimodal.registry import HOOKS


@HOOKS.register_module()
class WriteStateHook(Hook):
    """Writes what a process validates with, and what it draws."""

    priority = 'LOWEST'

    def before_train(self, runner: Any) -> None:
        self.first = torch.rand(3)

    def before_val_epoch(self, runner: Any) -> None:
        seen = {
            'draw': self.first,
            'buffers': dict(runner.model.named_buffers()),
            'weights': dict(runner.model.named_parameters()),
        }
        path = Path(runner.work_dir) / f'{runner.rank}_{runner.epoch}.pt'
        torch.save(seen, path)


EXTRA = """
custom_imports['imports'].append(
    'tests.engine.hooks.test_broadcast_buffers_hook')
custom_hooks = [dict(type='EMAHook', momentum=0.1),
                dict(type='WriteStateHook')]
train_cfg['max_epochs'] = 2
"""


def test_all_validate_the_model_that_is_saved(tmp_path: Path):
    """The toy has a batch norm, dropout and averaged weights."""
    train_forked(write_config(tmp_path, 'toy', EXTRA), tmp_path)
    first, second = (torch.load(tmp_path / f'{r}_2.pt') for r in (0, 1))
    for part in ('buffers', 'weights'):
        assert first[part].keys() == second[part].keys()
        for key, value in first[part].items():
            assert torch.equal(second[part][key], value), key
    assert first['buffers']['module.norm.running_mean'].any()
    # Each draws numbers of its own; the first those of a run without others.
    assert not torch.equal(first['draw'], second['draw'])
    saved = torch.load(tmp_path / 'epoch_2.pth')['random_state']['ranks']
    assert not torch.equal(saved[0]['torch'], saved[1]['torch'])


class Buffers(nn.Module):
    def __init__(self, rank: int) -> None:
        super().__init__()
        self.register_buffer('kept', torch.full((2,), rank))
        self.register_buffer('flag', torch.tensor(rank == 0))
        self.register_buffer('absent', None)
        grown = torch.full((rank + 1,), rank)
        self.register_buffer('grown', grown, persistent=False)


def share(rank: int) -> None:
    dist.init_process_group('gloo')
    model = Buffers(rank)
    BroadcastBuffersHook().before_val(SimpleNamespace(model=model))
    assert not model.kept.any()
    assert model.flag
    assert model.grown.tolist() == [rank] * (rank + 1)
    dist.destroy_process_group()


def test_what_is_not_saved_is_left_alone():
    run_forked(share)
