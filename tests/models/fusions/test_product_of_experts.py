"""Fusion by a product of Gaussian experts."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from tests.models.fusions.small import given, make, means
from trimodal.models import ProductOfExpertsFusion


def product(fusion: ProductOfExpertsFusion, x: dict[str, torch.Tensor]):
    """Mean and deviation from the densities, on a fine grid of values."""
    grid = torch.linspace(-30, 30, 6001, dtype=torch.float64).view(-1, 1)
    log_density = Normal(0.0, 1.0).log_prob(grid)
    for name, pooled in x.items():
        mean, log = fusion.experts[name](pooled).double().chunk(2)
        log_density = log_density + Normal(mean, (-log / 2).exp()).log_prob(
            grid
        )
    density = log_density.softmax(0)
    mean = (density * grid).sum(0)
    deviation = (density * (grid - mean).square()).sum(0).sqrt()
    return mean.float(), deviation.float()


def test_is_the_product_of_the_densities():
    fusion, streams = make(ProductOfExpertsFusion), given()
    fused = fusion(streams)
    for row in range(7):
        want, _ = product(fusion, means(fusion, streams, row))
        torch.testing.assert_close(
            fused.pooled[row], want, atol=1e-4, rtol=1e-4
        )
    assert not fused.losses


def test_two_experts_by_hand():
    """Means 1 and 4, precisions 1 and 2, and the prior: (1 + 8) / 4."""
    fusion = make(ProductOfExpertsFusion, 'ab')
    for name, mean, precision in (('a', 1.0, 1.0), ('b', 4.0, 2.0)):
        expert = fusion.experts[name]
        expert.weight.data.zero_()
        expert.bias.data[:8] = mean
        expert.bias.data[8:] = torch.tensor(precision).log()
    fused = fusion(given())
    # The rows have a, b, both and nothing.
    want = torch.tensor([1 / 2, 8 / 3, 9 / 4, 0])
    rows = [0, 1, 2, 7]
    torch.testing.assert_close(fused.pooled[rows, 0], want)
    torch.testing.assert_close(
        fused.weights[rows],
        torch.tensor([[1, 0], [0, 1], [1 / 3, 2 / 3], [0, 0]]),
    )
    assert not fused.weights.requires_grad


def test_samples_come_from_the_product():
    fusion, streams = make(ProductOfExpertsFusion, sample=True), given()
    exact = fusion(streams).pooled
    assert torch.equal(exact, fusion(streams).pooled)
    fusion.train()
    with torch.no_grad():
        drawn = torch.stack([fusion(streams).pooled for _ in range(2000)])
    row = 6
    mean, deviation = product(fusion, means(fusion, streams, row))
    error = (drawn[:, row].mean(0) - mean) / deviation
    assert error.abs().max() < 0.12
    ratio = drawn[:, row].std(0) / deviation
    assert (ratio - 1).abs().max() < 0.1


def test_divergence_from_the_prior():
    fusion, streams = make(ProductOfExpertsFusion, kl_weight=0.5), given()
    loss = fusion(streams).losses['loss_kl']
    want = []
    for row in range(8):
        mean, deviation = product(fusion, means(fusion, streams, row))
        prior = Normal(torch.zeros(8), torch.ones(8))
        want.append(kl_divergence(Normal(mean, deviation), prior).sum())
    want = 0.5 * torch.stack(want).mean()
    torch.testing.assert_close(loss, want, atol=1e-3, rtol=1e-3)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r'kl_weight .* -1'):
        make(ProductOfExpertsFusion, kl_weight=-1.0)
