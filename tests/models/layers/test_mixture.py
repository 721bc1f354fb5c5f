"""A sparse mixture of experts against a dense one."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trimodal.models.layers import MixtureOfExperts
from trimodal.models.layers.mixture import imbalance


def given() -> tuple[Tensor, Tensor]:
    mask = torch.tensor([7, 3, 0, 1])[:, None] > torch.arange(7)
    return torch.randn(4, 7, 6), mask


def make(**changes) -> MixtureOfExperts:
    made = MixtureOfExperts(6, **changes).eval()
    for parameter in made.parameters():
        parameter.data.normal_()
    return made


def dense(module: MixtureOfExperts, x: Tensor) -> Tensor:
    """Ask everybody about one step, float ``[C]``; keep the best."""
    scores = module.gate.weight @ x
    best = scores.argsort(descending=True)[: module.top_k]
    shares = scores.softmax(0)[best]
    if module.top_k > 1:
        shares = scores[best].softmax(0)
    said = torch.stack([expert(x) for expert in module.experts])
    return shares @ said[best]


@pytest.mark.parametrize('top_k', [1, 2, 4])
def test_like_a_dense_loop(top_k):
    module, (x, mask) = make(top_k=top_k), given()
    got, _ = module(x, mask)
    assert not got[~mask].any()
    for row, step in mask.nonzero().tolist():
        want = dense(module, x[row, step])
        torch.testing.assert_close(got[row, step], want)


def test_gradients_like_a_dense_loop():
    module, (x, mask) = make(noisy=False), given()
    weights = list(module.parameters())
    got = torch.autograd.grad(module(x, mask)[0].square().sum(), weights)
    loop = torch.stack([dense(module, step) for step in x[mask]])
    want = torch.autograd.grad(loop.square().sum(), weights)
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-4)


def test_noise_in_training_only():
    module, (x, mask) = make(), given()
    assert torch.equal(module(x, mask)[0], module(x, mask)[0])
    module.train()
    assert not torch.equal(module(x, mask)[0], module(x, mask)[0])
    torch.manual_seed(3)
    probs = module._probabilities(x[mask])
    torch.manual_seed(3)
    scores = module.gate(x[mask])
    spread = F.softplus(module.noise(x[mask]))
    want = (scores + spread * torch.randn_like(scores)).softmax(1)
    torch.testing.assert_close(probs, want)
    assert MixtureOfExperts(6, noisy=False).noise is None


@pytest.mark.parametrize('training', [True, False])
def test_nobody_asked_is_still_in_the_graph(training):
    module, (x, mask) = make(top_k=1).train(training), given()
    got, uneven = module(x, torch.zeros_like(mask))
    assert uneven == 0
    (got.sum() + uneven).backward()
    for parameter in module.parameters():
        assert parameter.grad is not None
        assert not parameter.grad.any()


def test_evaluation_waits_for_no_other_process(monkeypatch):
    def wait(*args, **kwargs):
        raise AssertionError('processes may have other numbers of batches')

    monkeypatch.setattr('trimodal.models.layers.mixture.all_reduce', wait)
    assert make()(*given())[1] == 0
    with pytest.raises(AssertionError, match='other numbers'):
        make().train()(*given())


def test_imbalance_by_hand():
    probs = torch.tensor([[0.6, 0.3, 0.1], [0.5, 0.1, 0.4]])
    # Loads 2, 1, 1 of 4; mean probabilities 0.55, 0.2 and 0.25.
    chosen = torch.tensor([[0, 1], [0, 2]])
    want = 3 * (0.5 * 0.55 + 0.25 * 0.2 + 0.25 * 0.25)
    assert imbalance(probs, chosen).item() == pytest.approx(want)


def test_imbalance_is_one_where_even_and_largest_where_not():
    even = torch.full((4, 4), 0.25)
    chosen = torch.arange(4).unsqueeze(1)
    assert imbalance(even, chosen).item() == pytest.approx(1)
    alone = torch.eye(4)[:1].expand(4, 4)
    chosen = torch.zeros(4, 1, dtype=torch.int64)
    assert imbalance(alone, chosen).item() == pytest.approx(4)


def test_training_evens_out_the_loads():
    torch.manual_seed(0)
    module = MixtureOfExperts(6, top_k=1, noisy=False)
    module.gate.weight.data[0] += 0.5
    x, mask = torch.rand(64, 4, 6), torch.ones(64, 4, dtype=torch.bool)
    before = module(x, mask)[1].item()
    optimizer = torch.optim.SGD(module.parameters(), 0.02)
    for _ in range(200):
        optimizer.zero_grad()
        uneven = module(x, mask)[1]
        uneven.backward()
        optimizer.step()
    assert before > 2
    assert module(x, mask)[1].item() < 1.01


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_experts': 0}, 'num_experts'),
        ({'top_k': 0}, r'top_k .*\[1, num_experts=4\], got 0'),
        ({'top_k': 5}, 'top_k .* 5'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        MixtureOfExperts(6, **changes)
