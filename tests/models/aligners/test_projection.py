"""Projection to a common width."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import ProjectionAligner
from trimodal.structures import Tokens


def tokens(width: int) -> Tokens:
    mask = torch.tensor([[True, True, False]])
    return Tokens(torch.randn(1, 3, width), mask, mask.any(1))


def test_a_linear_layer_for_each():
    aligner = ProjectionAligner({'a': 4, 'b': 6}, 5)
    given = {'b': tokens(6), 'a': tokens(4)}
    got = aligner(given)
    assert list(got) == ['b', 'a']
    for name, stream in given.items():
        linear = aligner.projections[name][0]
        want = F.layer_norm(linear(stream.x), (5,), eps=1e-6)
        torch.testing.assert_close(got[name].x[:, :2], want[:, :2])
        assert not got[name].x[:, 2].any()
        assert got[name].mask is stream.mask


def test_without_norm():
    aligner = ProjectionAligner({'a': 4}, 5, norm=False)
    stream = tokens(4)
    want = stream.with_x(aligner.projections['a'][0](stream.x))
    assert torch.equal(aligner({'a': stream})['a'].x, want.x)


def test_bad_arguments():
    with pytest.raises(ValueError, match='in_channels'):
        ProjectionAligner({}, 5)
    with pytest.raises(ValueError, match=r'a .* 0'):
        ProjectionAligner({'a': 0}, 5)
    with pytest.raises(KeyError, match='z'):
        ProjectionAligner({'a': 4}, 5)({'z': tokens(4)})
