"""Two processes with a batch each, and one with both: the same gradients."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel

from tests.models.small import (
    CONCAT,
    CROSS,
    ENCODERS,
    make_data,
    make_model,
)

# The second process has no picture at all, and one label less.
PRESENT = ['sgi', 'i', 'gi', 'sg', 'g', 's']
LABELS = [0, 1, 4, None, 3, 2]
FUSIONS = {'concat': CONCAT, 'cross': CROSS}


def gradients(rows: slice, fusion: str, world_size: int) -> dict:
    """The gradients of one step on some rows of the batch."""
    speech = {**ENCODERS['speech'], 'conv_norm': 'batch'}
    model = make_model(
        fusion=FUSIONS[fusion], encoders={**ENCODERS, 'speech': speech}
    )
    everything = make_data(PRESENT, LABELS)
    data = {
        'inputs': {k: v[rows] for k, v in everything['inputs'].items()},
        'data_samples': everything['data_samples'][rows],
    }
    run = model
    if world_size > 1:
        run = DistributedDataParallel(model)
    batch = model.data_preprocessor(data, True)
    loss, _ = model.parse_losses(run(**batch, mode='loss'))
    loss.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters()}


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo',
        init_method=f'file://{folder}/meet',
        rank=rank,
        world_size=2,
    )
    rows = slice(0, 3) if rank == 0 else slice(3, 6)
    for fusion in FUSIONS:
        result = gradients(rows, fusion, 2)
        torch.save(result, Path(folder) / f'{fusion}{rank}.pt')
    dist.destroy_process_group()


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('distributed')
    mp.spawn(work, (str(path),), nprocs=2)
    return path


@pytest.mark.parametrize('fusion', FUSIONS)
def test_two_processes_are_one_with_the_double_batch(folder, fusion):
    want = gradients(slice(0, 6), fusion, 1)
    for rank in range(2):
        got = torch.load(folder / f'{fusion}{rank}.pt')
        assert got.keys() == want.keys()
        for name, grad in got.items():
            torch.testing.assert_close(
                grad, want[name], atol=1e-5, rtol=1e-4, msg=name
            )
