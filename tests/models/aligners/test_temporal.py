"""What all temporal aligners share."""

import pytest
import torch

from tests.models.aligners.streams import ramp, stream
from trimodal.models import TemporalAligner
from trimodal.structures import Tokens


class Nothing(TemporalAligner):
    """Warps to minus one everywhere."""

    def warp(self, timeline):
        size = timeline.clock.times.shape
        return {
            name: -torch.ones(*size, timeline.streams[name].x.shape[2])
            for name in self.warped
        }


A = ramp(2, 0, 3, 0)
B = ramp(4, 3, 0, 0, size=5)


def test_reference_keeps_its_steps_and_the_others_get_them():
    other = ramp(1, 1, 1, 0)
    got = Nothing(('a', 'b'), 'a')({'z': other, 'b': B, 'a': A})
    assert list(got) == ['z', 'b', 'a']
    assert got['z'] is other
    assert torch.equal(got['a'].x, A.x)
    assert torch.equal(got['a'].mask, A.mask)
    b = got['b']
    assert b.mask.sum(1).tolist() == [2, 3, 0, 0]
    assert b.present.tolist() == [True, True, False, False]
    assert b.x[0, :2, 0].tolist() == [-1.0, -1.0]
    # Where the reference is absent, b has its own clock.
    torch.testing.assert_close(b.x[1, :3], B.x[1, :3])


def test_holes_of_the_owner_stay_and_those_of_others_are_filled():
    a = stream(torch.ones(1, 4, 1), [[1, 0, 1, 1]])
    b = stream(torch.ones(1, 3, 1), [[1, 0, 1]])
    got = Nothing(('a', 'b'))({'a': a, 'b': b})
    assert got['a'].mask.tolist() == [[True, False, True, True]]
    assert got['b'].mask.tolist() == [[True] * 4]


def test_a_stream_that_ends_early_is_not_real_afterwards():
    rates = {'a': 10.0, 'b': 10.0}
    got = Nothing(('a', 'b'), rates=rates)({'a': ramp(4), 'b': ramp(2)})
    assert got['b'].mask.tolist() == [[True, True, False, False]]
    assert not got['b'].x[0, 2:].any()
    # Its only step is before the clock's first moment, and still counts.
    rates = {'a': 1.0, 'b': 100.0}
    got = Nothing(('a', 'b'), rates=rates)({'a': ramp(3), 'b': ramp(1)})
    assert got['b'].mask.tolist() == [[True, False, False]]


def test_a_clock_of_its_own_warps_all():
    got = Nothing(('a', 'b'), num_steps=3)({'a': A, 'b': B})
    assert got['a'].mask.sum(1).tolist() == [3, 0, 3, 0]
    assert got['b'].mask.sum(1).tolist() == [3, 3, 0, 0]
    assert got['a'].x[0].tolist() == [[-1.0]] * 3


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'modalities': ('a',)}, r'modalities .*two'),
        ({'modalities': ('a', 'a')}, r'modalities .*once'),
        ({'reference': 'c'}, r"reference .*'c'"),
        ({'num_steps': 0}, 'num_steps'),
        ({'num_steps': 3, 'reference': 'a'}, r'num_steps .*None'),
        ({'rates': {'a': 1.0}}, r"rates .*'a'"),
        ({'rates': {'a': 1.0, 'b': 0.0}}, r'b .*0'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        Nothing(**{'modalities': ('a', 'b'), **settings})


def test_bad_streams():
    with pytest.raises(ValueError, match=r'each of .*b'):
        Nothing(('a', 'b'))({'a': A})
    picture = Tokens(B.x, B.mask, B.present, grids=((1, 5),))
    with pytest.raises(ValueError, match=r"'b' is a picture"):
        Nothing(('a', 'b'))({'a': A, 'b': picture})
