"""Networks over pictures of several sizes."""

import tempfile
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce

from trimodal.models import GridEncoder
from trimodal.structures import ModalityInput
from trimodal.testing import image_samples, stack_inputs

SIZES = ((8, 12), (4, 6), (8, 4))


class TwoGrids(GridEncoder):
    """Two grids of a convolution, one of every other cell."""

    def __init__(self, norm: type[nn.Module] = nn.Identity) -> None:
        super().__init__(5, num_grids=2)
        self.conv = nn.Conv2d(3, 5, 3, padding=1)
        self.norm = norm(5)

    def extract(self, pictures: Tensor) -> list[Tensor]:
        grid = self.norm(self.conv(pictures))
        return [grid, grid[:, :, ::2, ::2]]


class SyncedNorm(nn.SyncBatchNorm):
    """What ``SyncBatchNorm`` does, on a CPU, where torch's does not run."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return nn.BatchNorm2d.forward(self, x)
        count = x.new_full((5,), x.numel() / 5)
        sums = torch.stack(
            [x.sum((0, 2, 3)), x.square().sum((0, 2, 3)), count]
        )
        total, squares, count = all_reduce(sums)
        mean = total / count
        variance = squares / count - mean.square()
        self.running_mean.lerp_(mean.detach(), self.momentum)
        shape = (1, 5, 1, 1)
        x = (x - mean.view(shape)) * (variance + self.eps).rsqrt().view(shape)
        return x * self.weight.view(shape) + self.bias.view(shape)


def pictures() -> ModalityInput:
    return stack_inputs(image_samples(SIZES))


def present(x: ModalityInput, *rows: bool) -> ModalityInput:
    return x.keep(torch.tensor(rows))


def test_cells_stand_where_grids_says():
    encoder, x = TwoGrids(), pictures()
    tokens = encoder(x)
    assert tokens.grids == ((8, 12), (4, 6))
    for row, (height, width) in enumerate(SIZES):
        want = encoder.extract(x.data[row : row + 1, :, :height, :width])
        parts = tokens.x.split([8 * 12, 4 * 6], dim=1)
        masks = tokens.mask.split([8 * 12, 4 * 6], dim=1)
        for grid, part, real, size in zip(
            want, parts, masks, tokens.grids, strict=True
        ):
            rows, columns = grid.shape[2:]
            cells = part[row].unflatten(0, size)[:rows, :columns]
            torch.testing.assert_close(cells, grid[0].permute(1, 2, 0))
            assert real[row].unflatten(0, size)[:rows, :columns].all()
            assert real[row].sum() == rows * columns


def test_nothing_there_has_a_cell_for_every_grid():
    tokens = TwoGrids()(present(pictures(), False, False, False))
    assert tokens.x.shape == (3, 2, 5)
    assert tokens.grids == ((1, 1), (1, 1))
    assert not tokens.mask.any()


def test_in_training_all_run_together():
    encoder, x = TwoGrids(nn.BatchNorm2d), pictures()
    want = encoder.extract(x.data)[0].permute(0, 2, 3, 1).flatten(1, 2)
    tokens = encoder(x)
    mask = x.mask.flatten(1)
    torch.testing.assert_close(tokens.x[:, :96][mask], want[mask])
    assert torch.equal(tokens.mask[:, :96], mask)


def test_a_picture_that_is_alone_uses_running_statistics():
    encoder = TwoGrids(nn.BatchNorm2d)
    x = present(pictures(), False, True, False)
    got = encoder(x)
    assert encoder.norm.training
    assert not encoder.norm.running_mean.any()
    torch.testing.assert_close(got.x, encoder.eval()(x).x)


def test_norms_recover_from_an_error():
    encoder = TwoGrids(nn.BatchNorm2d)
    x = ModalityInput(torch.zeros(1, 4, 8, 8), torch.ones(1, 8, 8).bool())
    with pytest.raises(RuntimeError, match='channels'):
        encoder(x)
    assert encoder.norm.training


def _process(rank: int, folder: str) -> None:
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2
    )
    results = []
    for rows in ((True, True, True), (False, True, False), (False,) * 3):
        torch.manual_seed(0)
        encoder, x = TwoGrids(SyncedNorm), pictures()
        here = rows if rank == 0 else (False,) * 3
        tokens = encoder(present(x, *here))
        # Its backward pass, too, waits for all processes.
        tokens.x.square().sum().backward()
        gradients = [p.grad for p in encoder.parameters()]
        results.append(
            (tokens.x.detach(), encoder.norm.running_mean, gradients)
        )
    torch.save(results, Path(folder) / f'{rank}.pt')
    dist.destroy_process_group()


def test_synchronised_norms_wait_for_nobody():
    """The first process has 3, 1 and 0 pictures, the second none."""
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_process, (folder,), nprocs=2)
        first, second = (torch.load(f'{folder}/{rank}.pt') for rank in (0, 1))
    torch.manual_seed(0)
    encoder, x = TwoGrids(nn.BatchNorm2d), pictures()
    torch.testing.assert_close(first[0][0], encoder(x).x.detach())
    for (_, mean, _), (cells, other, gradients) in zip(
        first, second, strict=True
    ):
        torch.testing.assert_close(mean, other)
        assert not cells.any()
        assert all(gradient is not None for gradient in gradients)
    torch.testing.assert_close(first[0][1], encoder.norm.running_mean)
    assert not first[1][1].any()
    assert not first[2][1].any()
