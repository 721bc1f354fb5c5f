"""Rows of two processes."""

from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from trimodal.models.layers import gather_rows, gather_together

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
    y = ROWS[SHARES[rank]].clone().requires_grad_()
    together = gather_together(y, y[:, 0] > 3, torch.full_like(y, rank).long())
    (together[0].square().sum() * (rank + 1)).backward()
    assert torch.equal(y.grad, x.grad)
    few, many = gather_together(y[: 1 - rank, 0], y[: 1 - rank])
    assert few.shape == (1,)
    assert torch.equal(many, ROWS[:1])
    torch.save(
        [
            *(everything.detach(), x.grad, flags, none.detach()),
            *(part.detach() for part in together),
        ],
        Path(folder) / f'{rank}.pt',
    )
    dist.destroy_process_group()


def test_two_processes_with_different_numbers(tmp_path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    for rank in range(2):
        found = torch.load(tmp_path / f'{rank}.pt')
        everything, grad, flags, none, *together = found
        assert torch.equal(everything, ROWS)
        # Once by the first, twice by the second.
        assert torch.equal(grad, (1 + 2) * 2 * ROWS[SHARES[rank]])
        assert torch.equal(flags, ROWS[:, 0] > 3)
        assert torch.equal(none, ROWS[:1])
        rows, bools, ranks = together
        assert torch.equal(rows, everything)
        assert torch.equal(bools, flags)
        assert ranks.dtype == torch.int64
        assert ranks[:, 0].tolist() == [0, 0, 0, 0, 1]


def test_one_process_keeps_its_rows():
    x = torch.ones(2, 3)
    assert gather_rows(x) is x
    flags = x[:, 0] > 0
    assert all(
        a is b
        for a, b in zip(gather_together(x, flags), (x, flags), strict=True)
    )
