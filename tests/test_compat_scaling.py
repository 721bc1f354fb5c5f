"""``--auto-scale-lr``: every rate, of as many samples as there really are."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from tests.engine.forking import train_alone, train_forked
from tests.engine.tiny_fusion import write_fusion
from trimodal import compat
from trimodal.compat_scaling import mend_runner, mend_strategy

# Batches of 4 where 2 were meant; one part at a tenth of the rate.
EXTRA = """
auto_scale_lr = dict(base_batch_size=2, enable=False)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1),
    paramwise_cfg=dict(custom_keys={'encoders.a': dict(lr_mult=0.1)}))
param_scheduler = dict(
    type='LinearLR', start_factor=1.0, end_factor=0.5, end=12, by_epoch=False)
default_hooks = dict(checkpoint=dict(save_best=None), logger=dict(interval=1))
val_dataloader = val_evaluator = val_cfg = None
train_cfg['max_epochs'] = 2
"""
FLEXIBLE = "runner_type = 'FlexibleRunner'\n"


def logged(work_dir: Path) -> list[tuple[float, float]]:
    """Rate and base rate of each iteration."""
    path = next(work_dir.glob('*/vis_data/scalars.json'))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [(x['lr'], x['base_lr']) for x in lines if 'base_lr' in x]


def expected(scale: float, count: int) -> list[float]:
    return [0.1 * scale * (1 - 0.5 * i / 11) for i in range(count)]


def test_the_report_names_them():
    import mmengine._strategy  # noqa: F401

    assert compat.report()['mmengine.runner.runner'] == 'mended'
    assert compat.report()['mmengine._strategy.base'] == 'mended'


@pytest.mark.parametrize('kind', ['', FLEXIBLE], ids=['Runner', 'Flexible'])
def test_the_base_rate_is_scaled(kind: str, tmp_path: Path):
    """It is what the log shows, and what schedules begin with."""
    config = write_fusion(tmp_path, 'one', EXTRA + kind)
    train_alone(config, tmp_path / 'w', auto_scale_lr=True)
    found = logged(tmp_path / 'w')
    base = expected(2, 12)
    assert [rate for _, rate in found] == pytest.approx(base)
    groups = torch.load(tmp_path / 'w' / 'epoch_2.pth')['optimizer']
    rates = {group['lr'] for group in groups['param_groups']}
    assert sorted(rates) == pytest.approx([0.1 * base[-1], base[-1]])


@pytest.mark.parametrize('kind', ['', FLEXIBLE], ids=['Runner', 'Flexible'])
def test_processes_count(kind: str, tmp_path: Path):
    """Two of them take 8 samples a step: four times the rate."""
    config = write_fusion(tmp_path, 'two', EXTRA + kind)
    train_forked(config, tmp_path / 'w', auto_scale_lr=True)
    found = logged(tmp_path / 'w')
    base = expected(4, 12)[: len(found)]
    assert len(found) == 6
    assert [rate for _, rate in found] == pytest.approx(base)


def test_of_several_optimizers():
    wrappers, rates = {}, {}
    for name, rate in (('a', 0.1), ('b', 0.3)):
        layers = [nn.Linear(1, 1) for _ in range(2)]
        groups: list[dict[str, Any]] = [
            {'params': layers[0].parameters()},
            {'params': layers[1].parameters(), 'lr': rate / 10},
        ]
        wrappers[name] = OptimWrapper(torch.optim.SGD(groups, lr=rate))
        rates[name] = [3 * rate, 0.3 * rate, 3 * rate]
    runner = Runner.__new__(Runner)
    runner._train_dataloader = {'batch_size': 6}
    runner._world_size = 1
    runner.param_schedulers = None
    runner.logger = type('Silent', (), {'info': lambda *_: None})()
    both = OptimWrapperDict(**wrappers)
    scaling = {'enable': True, 'base_batch_size': 2}
    runner.scale_lr(both, auto_scale_lr=scaling)
    for name, wrapper in wrappers.items():
        found = [group['lr'] for group in wrapper.param_groups]
        assert found == pytest.approx(rates[name])
        assert len(wrapper.optimizer.param_groups) == 2


def test_not_needed_where_it_is_right():
    class Right:
        def scale_lr(self, wrapper: Any) -> None:
            wrapper.base_param_settings['lr'] *= 2

        _scale_lr = scale_lr

    module = type('module', (), {'Runner': Right, 'BaseStrategy': Right})
    assert not mend_runner(module)
    assert not mend_strategy(module)
