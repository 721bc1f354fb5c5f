"""Similarity of representations, and the loss made of it."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as mp
from torch import distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tests.models.small import make_data, make_model
from trimodal.models import DiversityLoss
from trimodal.models.objectives.diversity_loss import similarity
from trimodal.structures import Fused, Tokens

EVERY = torch.ones(6).bool()


def hsic(x: torch.Tensor, y: torch.Tensor) -> float:
    """The U-statistic that the unbiased HSIC is, over all quadruples."""
    k, m = x @ x.T, y @ y.T
    terms = [
        k[i, j] * (m[i, j] + m[q, r] - 2 * m[i, q])
        for i, j, q, r in permutations(range(len(x)), 4)
    ]
    return (sum(terms) / len(terms)).item()


def test_by_the_definition():
    torch.manual_seed(0)
    x, y = torch.randn(6, 3).double() + 2, torch.randn(6, 5).double()
    y[:, 0] += x[:, 1]
    want = hsic(x, y) / (hsic(x, x) * hsic(y, y)) ** 0.5
    assert similarity(x, y, EVERY).item() == pytest.approx(want, rel=1e-6)
    spare = torch.full((2, 1), 7.0).double()
    padded = [torch.cat([spare.expand(2, z.shape[1]), z]) for z in (x, y)]
    mask = torch.tensor([0, 0, 1, 1, 1, 1, 1, 1]).bool()
    got = similarity(*padded, mask).item()
    assert got == pytest.approx(want, rel=1e-6)


def test_equal_up_to_rotation_scale_and_shift_is_one():
    torch.manual_seed(0)
    x = torch.randn(6, 3)
    rotation = torch.linalg.qr(torch.randn(3, 3))[0]
    got = similarity(x, 5 * x @ rotation + 1, EVERY)
    assert got.item() == pytest.approx(1, abs=1e-5)


def test_orthogonal_is_not_similar():
    """A 2 x 2 design, twice: the factors say nothing about each other."""
    x = torch.tensor([[1.0], [1], [-1], [-1]]).repeat(2, 1)
    y = torch.tensor([[1.0], [-1], [1], [-1]]).repeat(2, 1)
    assert similarity(x, y, torch.ones(8).bool()) <= 0


def test_independent_is_zero_on_average_also_when_wide():
    """The plain estimate would be near 1: 16 samples, 128 channels."""
    torch.manual_seed(0)
    found = torch.stack(
        [
            similarity(
                torch.randn(16, 128),
                torch.randn(16, 64),
                torch.ones(16).bool(),
            )
            for _ in range(50)
        ]
    )
    assert abs(found.mean()) < 0.1


@pytest.mark.parametrize('count', [0, 1, 3])
def test_too_few_samples_give_zero_and_a_gradient(count):
    x = torch.randn(6, 3, requires_grad=True)
    got = similarity(x, x, torch.arange(6) < count)
    got.backward()
    assert got == 0
    assert not x.grad.any()


def stream(x: torch.Tensor) -> Tokens:
    mask = torch.ones(len(x), 1).bool()
    return Tokens(x.unsqueeze(1), mask, mask[:, 0])


def test_loss_is_the_mean_over_pairs():
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 4)
    streams = {'a': stream(x), 'b': stream(x * 2), 'c': stream(y)}
    fused = Fused(*(torch.zeros(8, 1) for _ in range(4)))
    got = DiversityLoss(loss_weight=0.3).loss(streams, fused, [])
    cross = max(similarity(x, y, torch.ones(8).bool()).item(), 0)
    want = 0.3 * (1 + 2 * cross) / 3
    assert got['loss_diversity'].item() == pytest.approx(want, abs=1e-5)
    assert got['similarity_a_b'].item() == pytest.approx(1, abs=1e-5)
    assert len(got) == 4
    pair = DiversityLoss(modalities=('a', 'b')).loss(streams, fused, [])
    assert set(pair) == {'loss_diversity', 'similarity_a_b'}


def test_absent_samples_count_for_their_pairs_only():
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 3)
    here = torch.arange(8) < 6
    gone = replace(
        stream(y).with_x(stream(y).x * here[:, None, None]),
        mask=here[:, None],
        present=here,
    )
    fused = Fused(*(torch.zeros(8, 1) for _ in range(4)))
    got = DiversityLoss().loss({'a': stream(x), 'b': gone}, fused, [])
    want = similarity(x[:6], y[:6], EVERY)
    torch.testing.assert_close(got['similarity_a_b'], want)


def test_descending_pushes_them_apart():
    torch.manual_seed(0)
    x = torch.randn(16, 4)
    y = (x + 0.1 * torch.randn(16, 4)).requires_grad_()
    optimizer = torch.optim.Adam([y], lr=0.1)
    mask = torch.ones(16).bool()
    before = similarity(x, y, mask).item()
    for _ in range(50):
        optimizer.zero_grad()
        similarity(x, y, mask).clamp(min=0).backward()
        optimizer.step()
    assert before > 0.9
    assert similarity(x, y, mask) < 0.05


def test_in_the_model():
    model = make_model(objectives={'diversity': {'type': 'DiversityLoss'}})
    data = make_data(['sgi'] * 5, [0, 1, 2, 3, 4])
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    assert losses['diversity.loss_diversity'] > 0
    assert losses['diversity.similarity_speech_gesture'].isfinite()


class Pair(nn.Module):
    """Two encoders and the objective between them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoders = nn.ModuleList([nn.Linear(3, 4), nn.Linear(3, 2)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        streams = {
            str(i): stream(encoder(x))
            for i, encoder in enumerate(self.encoders)
        }
        fused = Fused(*(torch.zeros(len(x), 1) for _ in range(4)))
        return DiversityLoss().loss(streams, fused, [])['loss_diversity']


def gradients(model: nn.Module, run: nn.Module, rows: slice) -> dict:
    torch.manual_seed(1)
    run(torch.randn(12, 3)[rows]).backward()
    return {n: p.grad.clone() for n, p in model.named_parameters()}


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    meet = f'file://{folder}/meet'
    dist.init_process_group('gloo', meet, rank=rank, world_size=2)
    model = Pair()
    # Also where the processes have different numbers of samples.
    rows = slice(0, 5) if rank == 0 else slice(5, 12)
    got = gradients(model, DistributedDataParallel(model), rows)
    torch.save(got, Path(folder) / f'{rank}.pt')
    dist.destroy_process_group()


def test_two_processes_are_one_with_all_the_samples(tmp_path: Path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    model = Pair()
    want = gradients(model, model, slice(0, 12))
    assert want['encoders.0.weight'].any()
    for rank in range(2):
        got = torch.load(tmp_path / f'{rank}.pt')
        for name, value in want.items():
            torch.testing.assert_close(got[name], value, msg=name)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'loss_weight': 0.0}, 'loss_weight must be larger than 0'),
        ({'modalities': ('a',)}, 'modalities must be two or more'),
        ({'modalities': ('a', 'a')}, 'modalities must be two or more'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        DiversityLoss(**changes)


def test_unknown_modality():
    part = DiversityLoss(modalities=('a', 'z'))
    fused = Fused(*(torch.zeros(8, 1) for _ in range(4)))
    with pytest.raises(ValueError, match=r"\['z'\]"):
        part.loss({'a': stream(torch.zeros(8, 2))}, fused, [])
    with pytest.raises(ValueError, match=r"two or more, .* \('a',\)"):
        DiversityLoss().loss({'a': stream(torch.zeros(8, 2))}, fused, [])
