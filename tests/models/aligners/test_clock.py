"""Clocks worked out by hand."""

import pytest
import torch

from tests.models.aligners.streams import ramp
from trimodal.models.aligners.clock import make_timeline

# Three samples: both present, with holes aside; only b; nothing.
STREAMS = {'a': ramp(2, 0, 0), 'b': ramp(4, 3, 0, size=5)}


def test_the_longest_gives_the_clock():
    clock = make_timeline(STREAMS, None, None, None).clock
    eighths = torch.tensor([1.0, 3.0, 5.0, 7.0]) / 8
    torch.testing.assert_close(clock.times[0], eighths)
    assert clock.mask.sum(1).tolist() == [4, 3, 0]
    assert clock.owners.tolist() == [
        [False, True],
        [False, True],
        [False, False],
    ]


def test_the_first_present_in_order_gives_the_clock():
    clock = make_timeline(STREAMS, None, ('a', 'b'), None).clock
    assert clock.mask.sum(1).tolist() == [2, 3, 0]
    assert clock.owners.tolist() == [
        [True, False],
        [False, True],
        [False, False],
    ]
    torch.testing.assert_close(clock.times[0, :2], torch.tensor([0.25, 0.75]))


def test_a_clock_of_its_own():
    rates = {'a': 2.0, 'b': 8.0}
    clock = make_timeline(STREAMS, rates, None, 5).clock
    # a lasts a second, b half of one; b's three steps 3/8.
    tenths = torch.tensor([1.0, 3.0, 5.0, 7.0, 9.0]) / 10
    torch.testing.assert_close(clock.times[0], tenths)
    torch.testing.assert_close(clock.times[1], tenths * 3 / 8)
    assert clock.mask.tolist() == [[True] * 5, [True] * 5, [False] * 5]
    assert not clock.owners.any()


def test_positions_in_a_stream():
    timeline = make_timeline(STREAMS, None, ('a', 'b'), None)
    # Moments 1/4 and 3/4 lie between steps 0 and 1, 2 and 3 of four.
    assert timeline.positions('b')[0, :2].tolist() == [0.5, 2.5]
    assert timeline.positions('a')[0, :2].tolist() == [0.0, 1.0]
    fixed = make_timeline(STREAMS, {'a': 10.0, 'b': 10.0}, ('a', 'b'), None)
    assert fixed.positions('b')[0, :2].tolist() == pytest.approx([0.0, 1.0])


def test_of_owner():
    timeline = make_timeline(STREAMS, None, ('a', 'b'), None)
    got = timeline.of_owner({n: s.x for n, s in STREAMS.items()})
    assert got.shape == (3, 3, 1)
    assert got[0, :, 0].tolist() == [0.25, 0.75, 0.0]
    torch.testing.assert_close(got[1], STREAMS['b'].x[1, :3])
    assert not got[2].any()
