"""Projections, normalisations and poolings of many streams."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from trimodal.models.layers import (
    MaskedPooling,
    StreamMap,
    StreamMixes,
    StreamNorms,
    StreamPoolings,
    StreamProjections,
    VectorMap,
    learned_vectors,
)
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5}


def given():
    return stack_streams(stream_samples(WIDTHS), spare=2)


def test_each_stream_has_its_module():
    streams = given()
    linear = {name: nn.Linear(width, 3) for name, width in WIDTHS.items()}
    got = StreamMap(linear)(streams)
    assert list(got) == ['a', 'b']
    for name, stream in streams.items():
        want = linear[name](stream.x)
        mask = stream.mask
        torch.testing.assert_close(got[name].x[mask], want[mask])
        assert not got[name].x[~mask].any()
        assert torch.equal(got[name].mask, mask)


def test_join_is_the_concatenation():
    streams = given()
    module = StreamProjections(WIDTHS, 3)
    x, mask = module.join(streams)
    done = module(streams).values()
    assert torch.equal(mask, torch.cat([s.mask for s in done], dim=1))
    want = torch.cat([s.x for s in done], dim=1)
    torch.testing.assert_close(x[mask], want[mask])


def test_projection_by_hand():
    streams = given()
    plain = StreamProjections(WIDTHS, 3)
    assert set(plain.state_dict()) == {
        f'{name}.{part}' for name in WIDTHS for part in ('weight', 'bias')
    }
    normed = StreamProjections(WIDTHS, 3, norm=True)
    got = normed(streams)['b']
    linear = normed['b'][0](streams['b'].x)
    want = F.gelu(F.layer_norm(linear, (3,), eps=1e-6))
    mask = streams['b'].mask
    torch.testing.assert_close(got.x[mask], want[mask])


def test_norms():
    streams = StreamProjections(WIDTHS, 3)(given())
    got = StreamNorms(WIDTHS, 3)(streams)['a']
    want = F.layer_norm(streams['a'].x, (3,), eps=1e-6)[got.mask]
    torch.testing.assert_close(got.x[got.mask], want)


@pytest.mark.parametrize('mode', ['mean', 'max', 'attention'])
def test_poolings(mode):
    streams = StreamProjections(WIDTHS, 3)(given())
    poolings = StreamPoolings(WIDTHS, mode, 3)
    got = poolings(streams)
    assert got.shape == (len(streams['a'].x), 2, 3)
    for index, (name, stream) in enumerate(streams.items()):
        alone = MaskedPooling(mode, 3)
        alone.load_state_dict(poolings[name].state_dict())
        want = alone(stream.x, stream.mask)
        torch.testing.assert_close(got[:, index], want)
        assert not got[~stream.present, index].any()


def test_unknown_pooling():
    with pytest.raises(ValueError, match=r"pooling .* 'sum'"):
        StreamPoolings(WIDTHS, 'sum', 3)


def test_each_vector_has_its_module():
    maps, x = (
        VectorMap({n: nn.Linear(3, 2) for n in 'ab'}),
        torch.randn(4, 2, 3),
    )
    got = maps(x)
    torch.testing.assert_close(got[:, 0], maps['a'](x[:, 0]))
    torch.testing.assert_close(got[:, 1], maps['b'](x[:, 1]))


def test_mixes_add_up_to_one_linear_layer():
    mixes, pooled = StreamMixes(WIDTHS, 3, 4), torch.randn(5, 2, 3)
    parts = mixes(pooled)
    assert parts.shape == (5, 2, 4)
    weight = torch.cat([mixes[name].weight for name in WIDTHS], dim=1)
    torch.testing.assert_close(parts.sum(1), pooled.flatten(1) @ weight.T)


def test_learned_vectors():
    vectors = learned_vectors(200, 50)
    assert isinstance(vectors, nn.Parameter)
    assert vectors.shape == (200, 50)
    assert vectors.std().item() == pytest.approx(0.02, rel=0.05)
