"""InfoNCE against PyTorch's cross-entropy, and over two processes."""

import math
from itertools import combinations
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel

from trimodal.models import InfoNCELoss

SIMILARITIES = ('cosine', 'bilinear', 'mlp')


def vectors(size: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, 3, 16, generator=generator)


def there(size: int) -> torch.Tensor:
    return torch.ones(size, 3, dtype=torch.bool)


def plain(x: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Pair by pair, as CLIP writes it, with its first temperature."""
    losses = []
    for a, b in combinations(range(3), 2):
        both = present[:, a] & present[:, b]
        if both.sum() < 2:
            continue
        unit = F.normalize(x[both], dim=2)
        logits = unit[:, a] @ unit[:, b].T / 0.07
        labels = torch.arange(len(unit))
        losses.append(F.cross_entropy(logits, labels))
        losses.append(F.cross_entropy(logits.T, labels))
    return torch.stack(losses).mean()


@pytest.mark.parametrize('size', [3, 8])
def test_is_the_cross_entropy_of_both_directions(size):
    x, present = vectors(size), there(size)
    loss = InfoNCELoss(16, loss_weight=0.3)(x, present)
    torch.testing.assert_close(loss, 0.3 * plain(x, present))


def test_only_samples_that_have_both_count():
    x, present = vectors(8), there(8)
    present[:3, 0] = False
    present[2:, 1] = False
    # Of the first two, sample 2 alone has both of no pair but (0, 2).
    present[1, 1] = False
    loss = InfoNCELoss(16)(x, present)
    torch.testing.assert_close(loss, plain(x, present))
    changed = torch.where(present.unsqueeze(2), x, 100.0)
    torch.testing.assert_close(InfoNCELoss(16)(changed, present), loss)


def test_by_hand():
    """Three samples whose vectors are orthogonal, in two modalities."""
    x = torch.eye(3).unsqueeze(1).expand(-1, 2, -1)
    loss = InfoNCELoss(3, temperature=0.5)(x, there(3)[:, :2])
    want = -math.log(math.exp(2) / (math.exp(2) + 2))
    assert loss.item() == pytest.approx(want)


@pytest.mark.parametrize('similarity', SIMILARITIES)
def test_random_vectors_score_about_chance(similarity):
    torch.manual_seed(0)
    loss = InfoNCELoss(512, similarity, temperature=1.0)
    x = torch.randn(64, 3, 512)
    got = loss(x, there(64)).item()
    assert got == pytest.approx(math.log(64), rel=0.02)


def test_a_perfectly_aligned_batch_scores_far_under_chance():
    x = vectors(64)[:, :1].expand(-1, 3, -1)
    got = InfoNCELoss(16)(x, there(64)).item()
    assert got < 0.05 * math.log(64)


@pytest.mark.parametrize('similarity', SIMILARITIES)
def test_learning_aligns_a_batch(similarity):
    """A fixed rotation between two modalities is found."""
    torch.manual_seed(0)
    loss = InfoNCELoss(16, similarity)
    a = torch.randn(32, 16)
    b = a @ torch.linalg.qr(torch.randn(16, 16))[0]
    turn = torch.nn.Linear(16, 16)
    optimizer = torch.optim.Adam(
        [*loss.parameters(), *turn.parameters()], lr=0.02
    )
    for _ in range(150):
        got = loss(torch.stack([turn(a), b], dim=1), there(32)[:, :2])
        optimizer.zero_grad()
        got.backward()
        optimizer.step()
    assert got < 0.05 * math.log(32)


@pytest.mark.parametrize('similarity', SIMILARITIES)
@pytest.mark.parametrize('size', [0, 1])
def test_too_few_to_tell_apart_give_zero_with_a_gradient(similarity, size):
    loss = InfoNCELoss(16, similarity)
    x = vectors(4).requires_grad_()
    present = torch.zeros(4, 3, dtype=torch.bool)
    present[:size] = True
    got = loss(x, present)
    assert got.item() == 0
    got.backward()
    assert not x.grad.any()
    assert all(not p.grad.any() for p in loss.parameters())


def test_scale_is_held_back_and_recovers():
    loss = InfoNCELoss(16, max_scale=20.0)
    with torch.no_grad():
        loss.log_scale.fill_(10.0)
    loss(vectors(4), there(4)).backward()
    assert loss.log_scale.item() == pytest.approx(math.log(20))
    assert loss.log_scale.grad.item() != 0


def test_half_precision_is_computed_in_full():
    x = vectors(8).bfloat16()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        got = InfoNCELoss(16)(x, there(8))
    torch.testing.assert_close(got, plain(x.float(), there(8)))


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'similarity': 'dot'}, 'similarity'),
        ({'channels': 0}, 'channels'),
        ({'temperature': 0.0}, 'temperature'),
        ({'temperature': 0.001}, 'temperature'),
        ({'max_scale': 0.0}, 'max_scale'),
        ({'loss_weight': 0.0}, 'loss_weight'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        InfoNCELoss(**{'channels': 8, **settings})


class Model(torch.nn.Module):
    def __init__(self, similarity: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(16, 8)
        self.loss = InfoNCELoss(8, similarity, loss_weight=0.5)

    def forward(self, x, present):
        return self.loss(self.linear(x), present)


def batch(rows: slice) -> tuple[torch.Tensor, torch.Tensor]:
    """Seven samples; the first pair is complete in the first four only."""
    present = there(7)
    present[4:, 1] = False
    present[1, 2] = False
    return vectors(7)[rows], present[rows]


def step(similarity: str, rows: slice, several: bool) -> list[torch.Tensor]:
    """The loss, then the gradients."""
    model = Model(similarity)
    run = DistributedDataParallel(model) if several else model
    loss = run(*batch(rows))
    loss.backward()
    return [loss.detach(), *(p.grad.clone() for p in model.parameters())]


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2
    )
    rows = slice(0, 5) if rank == 0 else slice(5, 7)
    for similarity in SIMILARITIES:
        torch.save(
            step(similarity, rows, True), Path(folder) / f'{similarity}{rank}'
        )
    dist.destroy_process_group()


def test_two_processes_are_one_with_the_double_batch(tmp_path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    for similarity in SIMILARITIES:
        loss, *gradients = step(similarity, slice(0, 7), False)
        got = [torch.load(tmp_path / f'{similarity}{rank}') for rank in (0, 1)]
        # Logs show the mean over processes.
        torch.testing.assert_close((got[0][0] + got[1][0]) / 2, loss)
        for each in got:
            torch.testing.assert_close(each[1:], gradients)
