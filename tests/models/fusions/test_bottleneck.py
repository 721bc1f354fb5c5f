"""Bottleneck fusion: what is averaged, and what crosses over."""

import pytest
import torch

from trimodal.models import BottleneckFusion
from trimodal.models.fusions.bottleneck import average, prepend
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}
SETTINGS = {
    'num_layers': 3,
    'fusion_layer': 1,
    'num_bottlenecks': 2,
    'num_heads': 2,
    'dropout': 0.0,
}


def make(modalities=tuple(WIDTHS), **changes) -> BottleneckFusion:
    widths = {name: WIDTHS[name] for name in modalities}
    return BottleneckFusion(
        modalities, widths, 8, **{**SETTINGS, **changes}
    ).eval()


def test_average_by_hand():
    updates = [
        torch.tensor([[[1.0]], [[1.0]], [[1.0]]]),
        torch.tensor([[[3.0]], [[3.0]], [[3.0]]]),
        torch.tensor([[[8.0]], [[8.0]], [[8.0]]]),
    ]
    present = torch.tensor([[1, 1, 1], [1, 0, 1], [0, 0, 0]]).bool()
    assert average(updates, present).flatten().tolist() == [4, 4.5, 0]


def test_prepend():
    x = torch.randn(3, 2, 4)
    tokens = torch.randn(1, 4)
    result = prepend(tokens, x)
    assert result.shape == (3, 3, 4)
    assert torch.equal(result[1, 0], tokens[0])
    assert torch.equal(result[:, 1:], x)


def test_by_plain_layers_sample_by_sample():
    fusion = make()
    streams = stack_streams(stream_samples(WIDTHS))
    fused = fusion(streams)
    for row in range(7):
        x = {}
        for index, (name, stream) in enumerate(streams.items()):
            if stream.present[row]:
                real = stream.x[row][stream.mask[row]]
                steps = fusion.projections[name](real)
                x[name] = torch.cat([fusion.cls[index : index + 1], steps])[
                    None
                ]
        x = {name: fusion.layers[0][name](y) for name, y in x.items()}
        shared = fusion.bottleneck[None]
        for layer in fusion.layers[1:]:
            both = {
                name: layer[name](torch.cat([shared, y], dim=1))
                for name, y in x.items()
            }
            shared = sum(y[:, :2] for y in both.values()) / len(both)
            x = {name: y[:, 2:] for name, y in both.items()}
        x = {name: fusion.norms[name](y) for name, y in x.items()}
        pooled = torch.cat([y[:, 0] for y in x.values()])
        weights = fusion.gate(pooled).squeeze(1).softmax(0)
        torch.testing.assert_close(fused.pooled[row], weights @ pooled)
        steps = torch.cat([y[0, 1:] for y in x.values()])
        torch.testing.assert_close(
            fused.tokens[row][fused.mask[row]], steps, atol=1e-5, rtol=1e-4
        )


def crossing(fusion: BottleneckFusion) -> float:
    """How far the steps of 'a' move when 'b' changes."""
    streams = stack_streams([stream_samples(WIDTHS)[6]])
    moved = {**streams, 'b': streams['b'].with_x(-streams['b'].x)}
    steps = slice(0, streams['a'].mask.shape[1])
    before, after = fusion(streams).tokens, fusion(moved).tokens
    return (before - after)[:, steps].abs().max().item()


def test_it_takes_two_layers_with_a_bottleneck():
    assert crossing(make(num_layers=3, fusion_layer=2)) == 0
    assert crossing(make(num_layers=3, fusion_layer=1)) > 1e-6


def test_nothing_crosses_but_through_the_bottleneck(monkeypatch):
    """Let 'a' see its own updates alone, and it hears nothing of 'b'."""
    fusion = make(num_layers=4, fusion_layer=0)
    assert crossing(fusion) > 1e-6
    monkeypatch.setattr(
        'trimodal.models.fusions.bottleneck.average',
        lambda updates, present: updates[0],
    )
    assert crossing(fusion) == 0


def test_more_bottlenecks_are_more_parameters():
    def size(count: int) -> int:
        fusion = make(num_bottlenecks=count)
        return sum(p.numel() for p in fusion.parameters())

    assert size(5) - size(2) == 3 * 8


def test_starts_near_the_mean():
    weights = make()(stack_streams(stream_samples(WIDTHS))).weights
    torch.testing.assert_close(
        weights[6], torch.full((3,), 1 / 3), atol=0.1, rtol=0
    )


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_layers': 0}, 'num_layers'),
        ({'num_bottlenecks': 0}, 'num_bottlenecks'),
        ({'fusion_layer': 3}, 'fusion_layer .* 3 layers.* got 3'),
        ({'fusion_layer': -1}, 'fusion_layer .* got -1'),
        ({'num_heads': 3}, 'num_heads'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
        ({'dropout': 1.5}, 'dropout'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)
