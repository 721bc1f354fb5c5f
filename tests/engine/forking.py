"""Training in several processes, forked from this one: they start at once."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, multiprocessing

from trimodal.engine.runner import TrainOptions, train

# For differences of sums that were made in another order.
CLOSE: dict[str, float] = {'rtol': 1e-5, 'atol': 1e-6}
NO_VALIDATION = """
val_dataloader = val_evaluator = val_cfg = None
default_hooks = dict(checkpoint=dict(save_best=None))
train_cfg['max_epochs'] = 2
"""


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


def run_forked(
    work: Callable[..., None],
    *arguments: Any,
    count: int = 2,
    launcher: str = 'pytorch',
) -> None:
    """Call ``work(rank, *arguments)`` in processes as a launcher starts them.

    What one raises, this raises, with the whole traceback in the message.
    """
    if torch.cuda.is_available():
        pytest.skip('a process that uses CUDA cannot be forked')
    port = free_port()
    multiprocessing.start_processes(
        _start,
        (work, arguments, count, launcher, port),
        nprocs=count,
        start_method='fork',
    )


def environment(
    rank: int, count: int, launcher: str, port: str
) -> dict[str, str]:
    """What a launcher tells a process on one node."""
    where = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': port}
    at, of = str(rank), str(count)
    names = {
        'pytorch': ('RANK', 'LOCAL_RANK', 'WORLD_SIZE'),
        'slurm': ('SLURM_PROCID', 'SLURM_LOCALID', 'SLURM_NTASKS'),
        'mpi': (
            'OMPI_COMM_WORLD_RANK',
            'OMPI_COMM_WORLD_LOCAL_RANK',
            'OMPI_COMM_WORLD_SIZE',
        ),
    }[launcher]
    told = dict(zip(names, (at, at, of), strict=True))
    nodes = {'SLURM_NODELIST': 'here'} if launcher == 'slurm' else {}
    return {**where, **told, **nodes}


def _start(
    rank: int,
    work: Callable[..., None],
    arguments: tuple,
    count: int,
    launcher: str,
    port: str,
) -> None:
    os.environ.update(environment(rank, count, launcher, port))
    torch.set_num_threads(1)
    work(rank, *arguments)


def train_forked(
    config: str, work_dir: Path, count: int = 2, **options: Any
) -> None:
    """Train; the last checkpoints are then in ``work_dir``."""
    launcher = options.get('launcher', 'pytorch')
    run_forked(
        _train, config, work_dir, options, count=count, launcher=launcher
    )


def _train(
    rank: int, config: str, work_dir: Path, options: dict[str, Any]
) -> None:
    chosen = {'launcher': 'pytorch', 'test': False, **options}
    train(config, TrainOptions(work_dir=str(work_dir), **chosen))


def train_alone(config: str, work_dir: Path, **options: Any) -> None:
    """The same in this process."""
    options = {'test': False, **options}
    train(config, TrainOptions(work_dir=str(work_dir), **options))


def weights(work_dir: Path, name: str = 'epoch_2.pth') -> dict[str, Tensor]:
    return torch.load(work_dir / name)['state_dict']


def assert_equal_weights(ours: Path, theirs: Path, **limits: Any) -> None:
    """Compare what two runs of two epochs have come to."""
    limits = limits or CLOSE
    first, second = weights(ours), weights(theirs)
    assert first.keys() == second.keys()
    for key, value in second.items():
        torch.testing.assert_close(first[key], value, **limits, msg=key)
