"""Rows of two processes."""

from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from trimodal.models.layers import gather_rows

ROWS = torch.arange(10.0).view(5, 2)
SHARES = (slice(0, 4), slice(4, 5))


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2
    )
    x = ROWS[SHARES[rank]].clone().requires_grad_()
    everything = gather_rows(x)
    (everything.square().sum() * (rank + 1)).backward()
    flags = gather_rows(ROWS[SHARES[rank], 0] > 3)
    none = gather_rows(x[: 1 - rank])
    torch.save(
        (everything.detach(), x.grad, flags, none.detach()),
        Path(folder) / f'{rank}.pt',
    )
    dist.destroy_process_group()


def test_two_processes_with_different_numbers(tmp_path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    for rank in range(2):
        everything, grad, flags, none = torch.load(tmp_path / f'{rank}.pt')
        assert torch.equal(everything, ROWS)
        # Once by the first, twice by the second.
        assert torch.equal(grad, (1 + 2) * 2 * ROWS[SHARES[rank]])
        assert torch.equal(flags, ROWS[:, 0] > 3)
        assert torch.equal(none, ROWS[:1])


def test_one_process_keeps_its_rows():
    x = torch.ones(2, 3)
    assert gather_rows(x) is x
