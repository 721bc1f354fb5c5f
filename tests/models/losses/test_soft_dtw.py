"""Soft-DTW as a loss."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from trimodal.models import SoftDTWLoss
from trimodal.models.layers.soft_dtw import soft_dtw

X, Y = torch.randn(2, 2, 7, 3, generator=torch.Generator().manual_seed(0))
SEVEN = torch.tensor([7, 7])


def plain(x: torch.Tensor, y: torch.Tensor, gamma: float) -> torch.Tensor:
    """Of two sequences, by torch's distances."""
    cost = torch.cdist(x, y).square()[None]
    sizes = torch.tensor([len(x)]), torch.tensor([len(y)])
    return soft_dtw(cost, *sizes, gamma)[0]


def test_value_and_divergence():
    value = torch.stack([plain(x, y, 0.5) for x, y in zip(X, Y, strict=True)])
    got = SoftDTWLoss(0.5, divergence=False, loss_weight=3.0)(X, Y)
    torch.testing.assert_close(got, 3 * (value / 14).mean())
    own = torch.stack(
        [
            (plain(x, x, 0.5) + plain(y, y, 0.5)) / 2
            for x, y in zip(X, Y, strict=True)
        ]
    )
    got = SoftDTWLoss(0.5)(X, Y)
    torch.testing.assert_close(got, ((value - own) / 14).mean())


def test_divergence_is_zero_and_least_for_equal_sequences():
    y = X.clone().requires_grad_()
    loss = SoftDTWLoss(1.0)(X, y)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-5)
    torch.testing.assert_close(y.grad, torch.zeros_like(y), atol=1e-5, rtol=0)
    assert SoftDTWLoss(1.0)(X, Y) > 0.1
    assert SoftDTWLoss(1.0, divergence=False)(X, X) < 0


def test_masked_steps_do_not_count():
    mask = torch.tensor([[True, False, True, True, False, True, False]] * 2)
    mask[1] = False
    got = SoftDTWLoss(0.5, divergence=False)(X, Y, mask)
    want = plain(X[0, mask[0]], Y[0], 0.5) / 11
    torch.testing.assert_close(got, want)


def test_no_samples_give_zero_with_a_gradient():
    x = X.clone().requires_grad_()
    mask = torch.zeros(2, 7, dtype=torch.bool)
    loss = SoftDTWLoss()(x, Y, mask)
    assert loss.item() == 0
    loss.backward()
    assert not x.grad.any()


def test_half_precision_is_computed_in_full():
    loss = SoftDTWLoss()(X.bfloat16(), Y.bfloat16())
    assert loss.dtype == torch.float32
    want = SoftDTWLoss()(X.bfloat16().float(), Y.bfloat16().float())
    torch.testing.assert_close(loss, want)


def test_gradcheck():
    x, y = X.double().requires_grad_(), Y[:, :4].double().requires_grad_()
    assert torch.autograd.gradcheck(SoftDTWLoss(0.5), (x, y))


@pytest.mark.parametrize('name', ['gamma', 'loss_weight'])
def test_bad_arguments(name):
    with pytest.raises(ValueError, match=name):
        SoftDTWLoss(**{name: 0.0})


def mean_of(rows: slice) -> torch.Tensor:
    """The loss of some of three samples, the second without a step."""
    x, y = torch.cat([X, X[:1] + 1]), torch.cat([Y, Y[:1]])
    mask = torch.ones(3, 7, dtype=torch.bool)
    mask[1] = False
    return SoftDTWLoss()(x[rows], y[rows], mask[rows])


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2
    )
    loss = mean_of(slice(0, 2) if rank == 0 else slice(2, 3))
    torch.save(loss, Path(folder) / f'{rank}.pt')
    dist.destroy_process_group()


def test_mean_runs_over_all_processes(tmp_path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    parts = [torch.load(tmp_path / f'{rank}.pt') for rank in range(2)]
    torch.testing.assert_close(sum(parts) / 2, mean_of(slice(0, 3)))
