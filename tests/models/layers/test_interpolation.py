"""Interpolation against numpy's and scipy's."""

import numpy as np
import pytest
import torch
from scipy.interpolate import CubicHermiteSpline

from trimodal.models.layers.interpolation import interpolate_steps

MASKS = {
    'whole': [True] * 9,
    'holes': [True, False, True, True, False, False, True, True, True],
    'ends': [False, True, True, False, True, True, False, False, False],
    'two': [False, True, False, False, True, False, False, False, False],
    'one': [False, False, True, False, False, False, False, False, False],
}
POSITIONS = np.array(
    [-2.0, -0.3, 0, 0.5, 1, 1.7, 2, 3.2, 4.5, 5.9, 7.1, 8, 12]
)


def sequence() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(9, 3))


def interpolate(mask: list[bool], mode: str) -> np.ndarray:
    mask = torch.tensor([mask])
    x = torch.from_numpy(sequence())[None]
    x = x.masked_fill(~mask.unsqueeze(2), 0)
    positions = torch.from_numpy(POSITIONS)[None]
    return interpolate_steps(x, mask, positions, mode)[0].numpy()


@pytest.mark.parametrize('name', MASKS)
def test_linear_is_numpys(name):
    steps = np.flatnonzero(MASKS[name])
    x = sequence()
    for channel, got in enumerate(interpolate(MASKS[name], 'linear').T):
        want = np.interp(POSITIONS, steps, x[steps, channel])
        np.testing.assert_allclose(got, want, atol=1e-12)


@pytest.mark.parametrize('name', ['whole', 'holes', 'ends', 'two'])
def test_cubic_is_scipys_with_numpys_slopes(name):
    steps = np.flatnonzero(MASKS[name])
    x = sequence()[steps]
    slopes = np.gradient(x, steps, axis=0)
    curve = CubicHermiteSpline(steps, x, slopes)
    want = curve(POSITIONS.clip(steps[0], steps[-1]))
    np.testing.assert_allclose(
        interpolate(MASKS[name], 'cubic'), want, atol=1e-12
    )


def test_cubic_without_holes_is_catmull_roms():
    """Halfway between two steps: -1, 9, 9 and -1 sixteenths."""
    got = interpolate(MASKS['whole'], 'cubic')[8]
    want = np.array([-1, 9, 9, -1]) / 16 @ sequence()[3:7]
    np.testing.assert_allclose(got, want)


def test_cubic_of_one_step_is_constant():
    got = interpolate(MASKS['one'], 'cubic')
    np.testing.assert_allclose(got, sequence()[2:3].repeat(13, 0))


@pytest.mark.parametrize('mode', ['linear', 'cubic'])
def test_at_a_real_step_it_is_the_step(mode):
    x = torch.randn(2, 6, 4)
    mask = torch.ones(2, 6, dtype=torch.bool)
    steps = torch.arange(6.0).expand(2, -1)
    assert torch.equal(interpolate_steps(x, mask, steps, mode), x)


def test_gradient():
    mask = torch.tensor([MASKS['holes']])
    x = torch.randn(1, 9, 2, dtype=torch.float64, requires_grad=True)
    positions = torch.from_numpy(POSITIONS)[None]
    for mode in ('linear', 'cubic'):
        assert torch.autograd.gradcheck(
            lambda x, mode=mode: interpolate_steps(x, mask, positions, mode), x
        )


def test_bad_mode():
    with pytest.raises(ValueError, match=r"mode .*'sinc'"):
        interpolate_steps(torch.ones(1, 2, 1), None, None, 'sinc')
