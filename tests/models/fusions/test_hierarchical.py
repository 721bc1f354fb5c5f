"""Three levels, each of which hears of those under it."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import HierarchicalFusion
from trimodal.structures import Tokens
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}


def make(modalities=tuple(WIDTHS), **changes) -> HierarchicalFusion:
    settings = {'num_heads': 2, 'dropout': 0.0, **changes}
    widths = {name: WIDTHS[name] for name in modalities}
    return HierarchicalFusion(modalities, widths, 8, **settings).eval()


def test_by_plain_layers_sample_by_sample():
    """The semantic and the decision level, of the present ones alone."""
    fusion = make()
    streams = stack_streams(stream_samples(WIDTHS))
    fused = fusion(streams)
    inputs = fusion.projections(streams)
    steps = fusion.feature_level(inputs)
    for row in range(7):
        names = [n for n, s in streams.items() if s.present[row]]
        features, lows = (
            torch.stack(
                [level[n].x[row][level[n].mask[row]].mean(0) for n in names]
            )
            for level in (steps, inputs)
        )
        both = torch.cat([features, lows], dim=1)
        vectors = [
            fusion.meanings[n](v) for n, v in zip(names, both, strict=True)
        ]
        meanings = fusion.relate(torch.stack(vectors)[None])[0]
        both = torch.cat([meanings, features], dim=1)
        decisions = torch.stack(
            [fusion.decisions[n](v) for n, v in zip(names, both, strict=True)]
        )
        weights = fusion.gate(meanings).squeeze(1).softmax(0)
        whole = weights @ decisions + meanings.mean(0)
        torch.testing.assert_close(
            fused.pooled[row], F.layer_norm(whole, (8,), eps=1e-6)
        )
        there = [n in names for n in streams]
        torch.testing.assert_close(fused.weights[row][there], weights)
        torch.testing.assert_close(
            fused.tokens[row][fused.mask[row]],
            torch.cat([s.x[row][s.mask[row]] for s in steps.values()]),
        )


def levels(fusion: HierarchicalFusion):
    """What passes between the levels for three samples with everything."""
    streams = stack_streams([stream_samples(WIDTHS)[6]] * 3)
    inputs = fusion.projections(streams)
    steps = fusion.feature_level(inputs)
    present = torch.ones(3, 3, dtype=torch.bool)
    features = fusion.poolings(steps).detach().requires_grad_()
    lows = fusion.input_poolings(inputs).detach().requires_grad_()
    return features, lows, present


def slope(result: torch.Tensor, leaf: torch.Tensor) -> torch.Tensor:
    """Size of a gradient, by modality."""
    direction = torch.linspace(-1, 1, result.numel()).view_as(result)
    (gradient,) = torch.autograd.grad((result * direction).sum(), leaf)
    return gradient.abs().amax((0, 2))


def test_semantic_level_hears_features_and_inputs():
    fusion = make()
    features, lows, present = levels(fusion)
    meanings = fusion.semantic_level(features, lows, present)
    # Of modality 0, whose meaning has heard all others by attention.
    assert (slope(meanings[:, 0], features) > 0).all()
    meanings = fusion.semantic_level(features, lows, present)
    assert (slope(meanings[:, 0], lows) > 0).all()


@pytest.mark.parametrize('result', ['pooled', 'weights'])
def test_decision_level_hears_the_semantic_level(result):
    fusion = make()
    features, lows, present = levels(fusion)
    meanings = fusion.semantic_level(features, lows, present)
    meanings = meanings.detach().requires_grad_()
    pooled, weights = fusion.decision_level(meanings, features, present)
    given = {'pooled': pooled, 'weights': weights}[result]
    assert (slope(given, meanings) > 0).all()


def test_decision_level_hears_the_feature_level_by_a_skip():
    """With the meanings held fixed."""
    fusion = make()
    features, lows, present = levels(fusion)
    meanings = fusion.semantic_level(features, lows, present).detach()
    pooled, _ = fusion.decision_level(meanings, features, present)
    assert (slope(pooled, features) > 0).all()


def test_result_hears_the_semantic_level_by_a_skip():
    """Also where the decisions say nothing."""
    fusion = make()
    for decision in fusion.decisions.values():
        torch.nn.init.zeros_(decision[2].weight)
    features, lows, present = levels(fusion)
    meanings = fusion.semantic_level(features, lows, present)
    meanings = meanings.detach().requires_grad_()
    pooled, _ = fusion.decision_level(meanings, features, present)
    assert (slope(pooled, meanings) > 0).all()


@pytest.mark.parametrize(
    'closed', ['semantic', 'features to decisions', 'inputs to meanings']
)
def test_each_way_up_counts(closed):
    """Without it the result is another, and still hears every stream."""
    fusion = make()
    streams = stack_streams([stream_samples(WIDTHS)[6]])
    before = fusion(streams).pooled
    with torch.no_grad():
        if closed == 'semantic':
            for meaning in fusion.meanings.values():
                meaning.weight.zero_()
        elif closed == 'features to decisions':
            for decision in fusion.decisions.values():
                decision[0].weight[:, 8:] = 0
        else:
            for meaning in fusion.meanings.values():
                meaning.weight[:, 8:] = 0
    after = fusion(streams).pooled
    assert (before - after).abs().max() > 1e-4
    for name, stream in streams.items():
        moved = {**streams, name: stream.with_x(-stream.x)}
        assert not torch.equal(fusion(moved).pooled, after)


def test_feature_level_relates_the_streams():
    fusion = make()
    streams = stack_streams([stream_samples(WIDTHS)[6]])
    moved = {**streams, 'b': streams['b'].with_x(-streams['b'].x)}
    before, after = (
        fusion.feature_level(fusion.projections(given))['a'].x
        for given in (streams, moved)
    )
    assert not torch.equal(before, after)


def test_nothing_at_all_is_zero():
    mask = torch.zeros(2, 3, dtype=torch.bool)
    fused = make()({'a': Tokens(torch.zeros(2, 3, 4), mask, mask.any(1))})
    assert not fused.pooled.any()
    assert not fused.weights.any()


@pytest.mark.parametrize(
    ('modalities', 'changes', 'message'),
    [
        (('a',), {}, 'modalities .* two'),
        (('a', 'b'), {'num_layers': 0}, 'num_layers'),
        (('a', 'b'), {'num_semantic_layers': 0}, 'num_semantic_layers'),
        (('a', 'b'), {'feedforward_channels': 0}, 'feedforward_channels'),
        (('a', 'b'), {'num_heads': 3}, 'num_heads'),
        (('a', 'b'), {'pooling': 'sum'}, 'pooling'),
        (('a', 'b'), {'dropout': 1.5}, 'dropout'),
    ],
)
def test_bad_arguments(modalities, changes, message):
    with pytest.raises(ValueError, match=message):
        make(modalities, **changes)
