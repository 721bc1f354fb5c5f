"""The Multimodal Transformer: its wiring, stream by stream."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import MulTFusion
from trimodal.models.fusions.mult import TemporalProjection, last_step
from trimodal.models.layers import sinusoidal
from trimodal.structures import Tokens
from trimodal.testing import absent_stream, stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}
SETTINGS = {
    'embed_dims': 6,
    'num_layers': 2,
    'num_self_layers': 1,
    'num_heads': 2,
    'dropout': 0.0,
}


def make(modalities=tuple(WIDTHS), **changes) -> MulTFusion:
    widths = {name: WIDTHS[name] for name in modalities}
    return MulTFusion(modalities, widths, 8, **{**SETTINGS, **changes}).eval()


def test_projection_is_a_convolution_and_positions():
    projection = TemporalProjection(4, 6, 3)
    x = torch.randn(2, 5, 4)
    weight, bias = projection.conv.weight, projection.conv.bias
    padded = F.pad(x, (0, 0, 1, 1))
    want = bias + sinusoidal(torch.arange(5), 6)
    for step in range(3):
        want = want + padded[:, step : step + 5] @ weight[:, :, step].T
    torch.testing.assert_close(projection(x), want)


def test_last_step_by_hand():
    x = torch.arange(12.0).view(3, 4, 1)
    mask = torch.tensor([[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]).bool()
    stream = Tokens(x, mask, mask.any(1))
    zeroed = stream.with_x(x)
    assert last_step(zeroed).flatten().tolist() == [1, 6, 0]


def test_every_ordered_pair_and_every_target_has_layers_of_its_own():
    fusion = make()
    pairs = {f'{a}_from_{b}' for a in 'abc' for b in 'abc' if a != b}
    assert set(fusion.crossmodal) == pairs
    assert all(len(stack.layers) == 2 for stack in fusion.crossmodal.values())
    assert set(fusion.memory) == set('abc')
    assert fusion.memory['a'].norm.normalized_shape == (12,)


@pytest.mark.parametrize('pooling', ['last', 'mean'])
def test_wiring_sample_by_sample(pooling):
    """Of the present modalities only, without any mask."""
    fusion = make(pooling=pooling)
    streams = stack_streams(stream_samples(WIDTHS))
    fused = fusion(streams)
    for row in range(7):
        # A gap counts in convolution and positions: mask after them.
        low, real = {}, {}
        for name, stream in streams.items():
            whole = fusion.projections[name](stream.x[row : row + 1])
            real[name] = stream.mask[row]
            low[name] = whole[:, stream.mask[row]]
        contributions = []
        for target in 'abc':
            if not real[target].any():
                continue
            side = []
            for source in 'abc':
                if source == target:
                    continue
                z = low[target]
                for layer in fusion.crossmodal[
                    f'{target}_from_{source}'
                ].layers:
                    query = layer.norm1(z)
                    y = query
                    if real[source].any():
                        key = layer.source_norm(low[source])
                        y = y + layer.attention(query, key)
                    y = layer.norm2(y)
                    z = y + layer.feedforward(y)
                side.append(z)
            steps = fusion.memory[target](torch.cat(side, dim=2))
            last = steps[:, -1] if pooling == 'last' else steps.mean(1)
            contributions.append(last @ fusion.mixes[target].weight.T)
        parts = torch.cat(contributions)
        want = F.layer_norm(parts.sum(0), (8,), eps=1e-6)
        torch.testing.assert_close(
            fused.pooled[row], want, atol=1e-5, rtol=1e-4
        )
        there = [bool(real[name].any()) for name in 'abc']
        sizes = parts.norm(dim=1)
        torch.testing.assert_close(
            fused.weights[row][there], sizes / sizes.sum()
        )


def test_what_flows_where():
    """A source reaches only the targets' parts, through its own stack."""
    fusion = make()
    streams = stack_streams([stream_samples(WIDTHS)[6]])
    seen = {}
    for name, stack in fusion.crossmodal.items():
        stack.register_forward_hook(
            lambda _, __, out, name=name: seen.update({name: out.detach()})
        )
    fusion(streams)
    before = dict(seen)
    moved = streams['b'].with_x(streams['b'].x + 1)
    fusion({**streams, 'b': moved})
    changed = {n for n in seen if not torch.equal(seen[n], before[n])}
    assert changed == {'a_from_b', 'c_from_b', 'b_from_a', 'b_from_c'}


def test_absent_source_is_not_heard_and_absent_target_excluded():
    fusion = make()
    streams = stack_streams([stream_samples(WIDTHS)[6]])
    without = {**streams, 'b': absent_stream(streams['b'])}
    noise = Tokens(
        torch.randn_like(streams['b'].x),
        without['b'].mask,
        without['b'].present,
    )
    a, b = fusion(without), fusion({**without, 'b': noise})
    torch.testing.assert_close(a.pooled, b.pooled)
    assert a.weights[0, 1] == 0
    only = {n: s for n, s in streams.items() if n != 'b'}
    torch.testing.assert_close(fusion(only).pooled, a.pooled)


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
        (('a', 'b'), {'num_self_layers': 0}, 'num_self_layers'),
        (('a', 'b'), {'feedforward_ratio': 0}, 'feedforward_ratio'),
        (('a', 'b'), {'kernel_size': 2}, 'kernel_size'),
        (('a', 'b'), {'num_heads': 4}, 'num_heads'),
        (('a', 'b'), {'pooling': 'sum'}, 'pooling'),
        (('a', 'b'), {'dropout': 1.5}, 'dropout'),
    ],
)
def test_bad_arguments(modalities, changes, message):
    with pytest.raises(ValueError, match=message):
        make(modalities, **changes)
