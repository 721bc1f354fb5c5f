"""Fusion step by step."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import StepwiseConcatFusion
from trimodal.models.layers.lengths import fit_steps
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}


def make(**changes) -> StepwiseConcatFusion:
    torch.manual_seed(0)
    return StepwiseConcatFusion(tuple(WIDTHS), WIDTHS, 8, **changes).eval()


def streams(row: int | None = None) -> dict:
    torch.manual_seed(1)
    samples = stream_samples(WIDTHS)
    return stack_streams(samples if row is None else [samples[row]])


def projected(fusion, name, x):
    linear = fusion.projections[name][0]
    return F.gelu(F.layer_norm(linear(x), (8,), eps=1e-6))


@pytest.mark.parametrize('static', [(), ('b',)])
def test_by_hand_without_convolutions(static):
    """A linear layer over the channels of a step, side by side."""
    fusion = make(num_layers=0, static=static)
    weight = torch.cat([fusion.mixes[n].weight for n in WIDTHS], dim=1)
    for row in range(7):
        given = streams(row)
        size = max(
            [1, *(s.x.shape[1] for n, s in given.items() if n not in static)]
        )
        steps, kept = [], []
        for t in range(size):
            parts, real = [], []
            for index, (name, s) in enumerate(given.items()):
                x = projected(fusion, name, s.x[0])
                if name in static and s.present[0]:
                    parts.append(x[s.mask[0]].mean(0))
                elif name in static or not (t < len(x) and s.mask[0, t]):
                    parts.append(fusion.absent[index])
                else:
                    parts.append(x[t])
                    real.append(name)
            steps.append(weight @ torch.cat(parts))
            kept.append(bool(real) or (t == 0 and size == 1))
        x = F.gelu(F.layer_norm(torch.stack(steps), (8,), eps=1e-6))
        x = F.layer_norm(x, (8,), eps=1e-6)
        fused = fusion(given)
        assert fused.mask[0].tolist() == kept
        torch.testing.assert_close(fused.tokens[0, kept], x[kept])
        torch.testing.assert_close(fused.pooled[0], x[kept].mean(0))


def test_sees_what_is_simultaneous():
    """Other than of pooled streams: a shift of one stream changes it."""
    fusion, given = make(num_layers=0), streams(6)
    given = {n: s.with_x(s.x) for n, s in given.items()}
    rolled = given['a'].with_x(given['a'].x.roll(2, dims=1))
    one, other = fusion(given), fusion({**given, 'a': rolled})
    assert (one.pooled - other.pooled).abs().max() > 1e-3


def test_weights_are_the_shares_of_the_joint_steps():
    fusion, given = make(), streams(6)
    mask = torch.stack([fit_steps(s.mask, 13) for s in given.values()]).any(0)
    sizes = []
    for index, (name, s) in enumerate(given.items()):
        x = fusion.absent[index].expand(13, -1).clone()
        x[s.mask[0].nonzero()[:, 0]] = projected(fusion, name, s.x[0])[
            s.mask[0]
        ]
        sizes.append((x @ fusion.mixes[name].weight.T).norm(dim=1)[mask[0]])
    means = torch.stack(sizes).mean(1)
    weights = fusion(given).weights[0]
    torch.testing.assert_close(weights, means / means.sum())


def test_nothing_has_no_real_step():
    given = streams(0)
    nothing = {n: s for n, s in given.items() if n != 'a'}
    fused = make()(nothing)
    assert not fused.mask.any()
    assert not fused.weights.any()
    assert fused.pooled.any()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'static': ('z',)}, r"static .*'z'"),
        ({'static': ('a', 'b', 'c')}, r'static .*all'),
        ({'num_layers': -1}, 'num_layers'),
        ({'kernel_sizes': (2,)}, 'kernel_sizes'),
        ({'pooling': 'sum'}, 'pooling'),
        ({'dropout': 2.0}, 'dropout'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)
