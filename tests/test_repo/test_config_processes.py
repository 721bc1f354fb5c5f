"""Every experiment of configs/ trains in two processes, one with nothing.

As ``tools/dist_train.sh`` wraps a model: unused parameters are not looked
for, so a part that a process without data leaves out would be an error, and
one more or one less exchange than the other process makes would be a wait
without end.
"""

import datetime
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from tests.test_repo.sources import experiments, relative
from tests.test_repo.test_config_steps import LARGE, prepared, write_data
from trimodal.engine.hooks import PyTorchProfilerHook
from trimodal.engine.runner.launch import _build_parts, build_runner
from trimodal.structures import TriModalDataSample

PROCESSES = 2
PATIENCE = datetime.timedelta(seconds=120)


class Losses(nn.Module):
    """A model that only gives losses, to be wrapped."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        return self.model(**batch, mode='loss')


def nothing_of(batch: dict[str, Any]) -> dict[str, Any]:
    """As many samples, without modalities and annotations."""
    size = len(batch['data_samples'])
    return {
        'inputs': {name: [None] * size for name in batch['inputs']},
        'data_samples': [TriModalDataSample() for _ in range(size)],
    }


def train_two_steps(path: Path, folder: Path) -> None:
    """The second process has nothing in the second step."""
    torch.manual_seed(0)
    config = prepared(path, folder)
    config.work_dir = str(folder / f'run{dist.get_rank()}')
    runner = build_runner(config)
    _build_parts(runner, only_first_batch=True)
    runner.call_hook('before_run')
    runner.call_hook('before_train')
    batch = next(iter(runner.train_dataloader))
    model = runner.model.train()
    if not any(p.requires_grad for p in model.parameters()):
        return
    wrapped = DistributedDataParallel(Losses(model))
    for given in (batch, batch if dist.get_rank() == 0 else nothing_of(batch)):
        losses = wrapped(model.data_preprocessor(given, True))
        total, _ = model.parse_losses(losses)
        assert total.isfinite(), losses
        total.backward()
        idle = [
            name
            for name, parameter in model.named_parameters()
            if parameter.requires_grad and parameter.grad is None
        ]
        assert not idle, idle
        model.zero_grad()
    for hook in runner.hooks:
        if isinstance(hook, PyTorchProfilerHook):
            hook.after_train(runner)  # else it goes on to the end


def work(rank: int, folder: str, paths: list[Path]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo',
        init_method=f'file://{folder}/meet',
        rank=rank,
        world_size=PROCESSES,
        timeout=PATIENCE,
    )
    for index, path in enumerate(paths):
        try:
            train_two_steps(path, Path(folder) / str(index))
        except Exception as error:  # every kind is a finding
            raise RuntimeError(f'{relative(path)}: {error}') from error
    dist.destroy_process_group()


@pytest.mark.slow
def test_experiments_train_in_two_processes(tmp_path: Path):
    paths = [path for path in experiments() if LARGE not in path.stem]
    for index, path in enumerate(paths):
        folder = tmp_path / str(index)
        folder.mkdir()
        write_data(prepared(path, folder), folder)
    mp.spawn(work, (str(tmp_path), paths), nprocs=PROCESSES)
