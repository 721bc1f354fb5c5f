"""What fusions share."""

import math

import pytest
import torch

from trimodal.models import BaseFusion
from trimodal.models.fusions.base import (
    check_several,
    join_streams,
    norm_shares,
    shares,
    split_streams,
    stack_present,
    stream_lengths,
    weigh,
)
from trimodal.structures import Fused, Tokens


class FirstOnly(BaseFusion):
    """Keeps what it was given, to be looked at."""

    def fuse(self, streams):
        self.streams = streams
        first = next(iter(streams.values()))
        return Fused(first.x, first.mask, first.x[:, 0], first.x[:, 0])


def tokens(width: int, steps: int = 2) -> Tokens:
    mask = torch.ones(3, steps, dtype=torch.bool)
    return Tokens(torch.randn(3, steps, width), mask, mask.any(1))


def test_streams_come_in_order_and_complete():
    fusion = FirstOnly(('a', 'b', 'c'), {'c': 6, 'a': 4, 'b': 5}, 8)
    given = {'c': tokens(6), 'a': tokens(4), 'other': tokens(9)}
    fusion(given)
    assert list(fusion.streams) == ['a', 'b', 'c']
    assert fusion.streams['a'] is given['a']
    absent = fusion.streams['b']
    assert absent.x.shape == (3, 1, 5)
    assert not absent.mask.any()
    assert not absent.present.any()


def test_one_width_for_all():
    assert FirstOnly(('a', 'b'), 4, 8).in_channels == {'a': 4, 'b': 4}


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (((), 4, 8), 'modalities'),
        ((('a', 'a'), 4, 8), r"modalities .*\('a', 'a'\)"),
        ((('a', 'b'), {'a': 4}, 8), r"in_channels .*\['a', 'b'\].*\{'a': 4\}"),
        ((('a',), {'a': 4, 'b': 4}, 8), 'in_channels'),
        ((('a',), 0, 8), r'a .* 0'),
        ((('a',), 4, 0), 'out_channels'),
    ],
)
def test_bad_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        FirstOnly(*args)


def test_bad_streams():
    fusion = FirstOnly(('a', 'b'), 4, 8)
    with pytest.raises(ValueError, match=r"\('a', 'b'\), got \['z'\]"):
        fusion({'z': tokens(4)})
    with pytest.raises(ValueError, match='b must have 4 channels, got 5'):
        fusion({'b': tokens(5)})


def test_one_modality_is_not_several():
    check_several(('a', 'b'))
    with pytest.raises(ValueError, match=r"at least two, got \('a',\)"):
        check_several(('a',))


def test_helpers():
    streams = {'a': tokens(4, 2), 'b': tokens(4, 3)}
    x, mask = join_streams(streams)
    assert x.shape == (3, 5, 4)
    assert mask.shape == (3, 5)
    assert torch.equal(x[:, 2:], streams['b'].x)
    assert stack_present(streams).shape == (3, 2)
    assert stream_lengths(streams) == [2, 3]
    parts = split_streams(2 * x, streams)
    assert torch.equal(parts['b'].x, 2 * streams['b'].x)
    assert parts['b'].mask is streams['b'].mask


def test_weigh_by_hand():
    pooled = torch.tensor([[[1.0], [2.0], [5.0]]]).expand(3, 3, 1)
    scores = torch.tensor([0.0, math.log(3), 0.0]).expand(3, 3)
    present = torch.tensor([[1, 1, 0], [0, 0, 1], [0, 0, 0]]).bool()
    whole, weights = weigh(pooled, scores, present)
    torch.testing.assert_close(whole, torch.tensor([[1.75], [5.0], [0.0]]))
    want = torch.tensor([[0.25, 0.75, 0], [0, 0, 1], [0, 0, 0]])
    torch.testing.assert_close(weights, want)


def test_shares_by_hand():
    sizes = torch.tensor([[3.0, 1.0, 4.0], [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
    present = torch.tensor([[1, 1, 0], [0, 0, 0], [1, 0, 1]]).bool()
    want = torch.tensor([[0.75, 0.25, 0], [0, 0, 0], [0.5, 0, 0.5]])
    torch.testing.assert_close(shares(sizes, present), want)


def test_norm_shares_by_hand():
    parts = torch.tensor([[[3.0, 4.0], [0.0, 5.0], [9.0, 9.0]]])
    present = torch.tensor([[True, True, False]])
    weights = norm_shares(parts.requires_grad_(), present)
    torch.testing.assert_close(weights, torch.tensor([[0.5, 0.5, 0.0]]))
    assert not weights.requires_grad
