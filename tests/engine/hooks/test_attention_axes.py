"""A padded sample's maps against those of the sample alone."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import nn

from trimodal.engine.hooks.attention_axes import map_of, recorded_masks
from trimodal.engine.hooks.attention_maps import recorded_attention
from trimodal.registry import MODELS
from trimodal.structures import Tokens
from trimodal.visualization.attention import AttentionMap

FUSIONS = {
    'SelfAttentionFusion': {'num_layers': 1, 'num_heads': 2},
    'CrossModalAttentionFusion': {'num_layers': 1, 'num_heads': 2},
    'MulTFusion': {'num_layers': 1, 'num_self_layers': 1, 'num_heads': 2},
}


class Model(nn.Module):
    """A fusion of two streams, as a model has one."""

    def __init__(self, name: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        config = {'type': name, 'modalities': ('a', 'b'), 'in_channels': 8}
        config = {**config, 'out_channels': 8, **FUSIONS[name]}
        self.fusion = MODELS.build(config)
        self.eval()


def streams(lengths: Mapping[str, int], pad: int = 0) -> dict[str, Tokens]:
    """Two samples, or with ``pad`` the second is so much longer."""
    found = {}
    for seed, (name, length) in enumerate(lengths.items()):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(1, length, 8, generator=generator)
        if pad:
            more = torch.randn(1, length + pad, 8)
            x = torch.cat([nn.functional.pad(x, (0, 0, 0, pad)), more])
        mask = torch.ones(x.shape[:2], dtype=torch.bool)
        mask[0, length:] = False
        found[name] = Tokens(x, mask, mask.any(1))
    return found


def maps(model: Model, given: dict[str, Tokens]) -> dict[str, AttentionMap]:
    with recorded_attention(model) as found, recorded_masks(model) as masks:
        model.fusion(given)
    real = {name: mask[0].numpy() for name, mask in masks.items()}
    return {k: map_of(k, w[0].numpy(), real) for k, w in found.items()}


@pytest.mark.parametrize('name', FUSIONS)
def test_padding_leaves_no_trace(name: str):
    """Within one stream, between two, and over all of them joined."""
    model = Model(name)
    lengths = {'a': 3, 'b': 5}
    alone = maps(model, streams(lengths))
    padded = maps(model, streams(lengths, pad=2))
    assert alone.keys() == padded.keys()
    for key, expected in alone.items():
        found = padded[key]
        np.testing.assert_allclose(found.weights, expected.weights, atol=1e-6)
        assert (found.queries, found.keys) == (expected.queries, expected.keys)
        for parts, size in zip(
            (found.queries, found.keys), found.weights.shape, strict=True
        ):
            assert dict(parts).items() <= lengths.items()
            assert sum(dict(parts).values()) in (0, size)
    assert 'fuse' not in vars(model.fusion)


def test_who_looks_at_whom():
    found = maps(Model('CrossModalAttentionFusion'), streams({'a': 3, 'b': 5}))
    one = found['fusion.layers.0.attention.a_from_b']
    assert (one.queries, one.keys) == ((('a', 3),), (('b', 5),))
    (joint,) = maps(Model('SelfAttentionFusion'), streams({'a': 3, 'b': 5}))
    both = maps(Model('SelfAttentionFusion'), streams({'a': 3, 'b': 5}))[joint]
    assert both.queries == both.keys == (('a', 3), ('b', 5))


def test_what_is_absent():
    given = streams({'a': 3, 'b': 5})
    nothing = torch.zeros(1, 5, dtype=torch.bool)
    given['b'] = Tokens(torch.zeros(1, 5, 8), nothing, nothing.any(1))
    found = maps(Model('CrossModalAttentionFusion'), given)
    one = found['fusion.layers.0.attention.a_from_b']
    assert (one.keys, one.weights.shape) == ((('b', 0),), (3, 0))
    (joint,) = maps(Model('SelfAttentionFusion'), given).values()
    assert (joint.keys, joint.weights.shape) == ((('a', 3), ('b', 0)), (3, 3))


def test_of_unknown_axes_the_end_is_left_out():
    """As long as nothing that is known: keys that nobody looks at."""
    weights = np.array([[0.5, 0, 0.5, 0], [1, 0, 0, 0], [1, 0, 0, 0]])
    found = map_of('encoder.attention', weights, {'a': np.ones(9, bool)})
    np.testing.assert_array_equal(found.weights, weights[:, :3])
    assert (found.queries, found.keys) == ((), ())
    square = np.eye(4)
    square[:, 2:] = 0
    assert map_of('x', square, {}).weights.shape == (2, 2)
    assert map_of('x', np.zeros((2, 2)), {}).weights.shape == (1, 1)


def test_a_model_without_a_fusion():
    with recorded_masks(nn.Linear(2, 2)) as masks:
        assert masks == {}
