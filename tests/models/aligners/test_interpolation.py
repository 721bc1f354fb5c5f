"""Interpolation onto a common clock."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.models.aligners.streams import ramp, stream
from trimodal.models import InterpolationAligner


def test_linear_equals_torch_without_holes():
    x = torch.randn(2, 5, 3)
    b = stream(x, [[1] * 5] * 2)
    got = InterpolationAligner(('a', 'b'))({'a': ramp(13, 13), 'b': b})
    want = F.interpolate(x.mT, 13, mode='linear', align_corners=False).mT
    torch.testing.assert_close(got['b'].x, want)


@pytest.mark.parametrize('mode', ['linear', 'cubic'])
def test_streams_that_tell_the_time_tell_the_same(mode):
    """Away from the ends, where the last real value holds."""
    tokens = {'a': ramp(7, 20), 'b': ramp(20, 7), 'c': ramp(14, 0)}
    got = InterpolationAligner(tuple(tokens), mode)(tokens)
    torch.testing.assert_close(got['a'].x[0, 2:-2], got['b'].x[0, 2:-2])
    torch.testing.assert_close(got['a'].x[1, 2:-2], got['b'].x[1, 2:-2])
    torch.testing.assert_close(got['c'].x[0, 2:-2], got['b'].x[0, 2:-2])
    assert not got['c'].mask[1].any()


def test_rates_are_kept_whatever_the_lengths():
    """At 10 and 20 steps a second; the second stream ends in a hole."""
    rates = {'a': 10.0, 'b': 20.0}
    b = stream(torch.arange(8.0).view(1, 8, 1), [[1, 1, 1, 0, 1, 1, 0, 0]])
    aligner = InterpolationAligner(('a', 'b'), reference='a', rates=rates)
    got = aligner({'a': ramp(4), 'b': b})['b']
    # Moments 0.05, 0.15, 0.25: between steps 0 and 1, 2 and 4, 4 and 5.
    assert got.x[0, :3, 0].tolist() == pytest.approx([0.5, 2.5, 4.5])
    assert got.mask.tolist() == [[True, True, True, False]]


def test_a_clock_of_its_own_by_numpy():
    x = torch.randn(1, 6, 1)
    tokens = {'a': ramp(3), 'b': stream(x, [[1, 1, 0, 1, 1, 1]])}
    got = InterpolationAligner(('a', 'b'), num_steps=10)(tokens)
    moments = (np.arange(10) + 0.5) / 10 * 6 - 0.5
    real = [0, 1, 3, 4, 5]
    want = np.interp(moments, real, x[0, real, 0].numpy())
    np.testing.assert_allclose(got['b'].x[0, :, 0].numpy(), want, atol=1e-6)
    assert got['a'].x.shape == (1, 10, 1)


def test_bad_mode():
    with pytest.raises(ValueError, match=r"mode .*'nearest'"):
        InterpolationAligner(('a', 'b'), 'nearest')
