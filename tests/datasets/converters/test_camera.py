import cv2
import numpy as np
import pytest

from trimodal.datasets.converters.camera import CameraMotion, film

STILL = CameraMotion((0.0,) * 4, (1.0,) * 4, (0.0,) * 4)


@pytest.fixture
def photo():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (8, 8, 3)).astype(np.uint8)
    return cv2.resize(small, (100, 100), interpolation=cv2.INTER_CUBIC)


def test_path_is_a_sine():
    motion = CameraMotion(
        (0.04, 0.0, 0.05, 6.0), (1.0, 1.0, 0.5, 1.0), (0.0, 0.0, 0.0, 0.25)
    )
    path = motion.path(5)  # at 0, 1/4, 1/2, 3/4 and 1
    np.testing.assert_allclose(path[:, 0], [0, 0.04, 0, -0.04, 0], atol=1e-12)
    np.testing.assert_allclose(path[:, 1], 0)
    np.testing.assert_allclose(path[[0, 2, 4], 2], [0, 0.05, 0], atol=1e-12)
    np.testing.assert_allclose(path[:, 3], [6, 0, -6, 0, 6], atol=1e-12)


def test_drawn_motion_is_small_smooth_and_seeded():
    drawn = [CameraMotion.draw(np.random.default_rng(s)) for s in range(50)]
    assert drawn[3] == CameraMotion.draw(np.random.default_rng(3))
    assert len(set(drawn)) == 50
    paths = np.stack([motion.path(16) for motion in drawn])
    limits = np.array([0.04, 0.04, 0.05, 6.0])
    assert (np.abs(paths) <= limits).all()
    assert (np.abs(np.diff(paths, axis=1)) <= 0.45 * limits).all()
    assert (np.ptp(paths, axis=1) > 0.1 * limits).all()


def test_a_still_camera_shows_the_photo_with_a_border(photo):
    clip = film(photo, STILL, 3)
    assert clip.shape == (3, 256, 256, 3)
    padded = np.pad(photo, ((50, 50), (50, 50), (0, 0)), 'edge')
    expected = cv2.resize(padded, (256, 256), interpolation=cv2.INTER_CUBIC)
    error = np.abs(clip[1].astype(int) - expected)
    assert error.mean() < 1.0
    np.testing.assert_array_equal(clip[0], clip[2])
    np.testing.assert_array_equal(clip[0, 0, 0], photo[0, 0])


def test_a_shift_moves_the_picture(photo):
    right = CameraMotion((0.125, 0.0, 0.0, 0.0), (1.0,) * 4, (0.25,) * 4)
    moved = film(photo, right, 1)[0]
    still = film(photo, STILL, 1)[0]
    error = np.abs(moved[:, 32:].astype(int) - still[:, :-32])
    assert error.mean() < 0.5


def test_a_photo_that_is_not_square_fits():
    assert film(np.zeros((40, 100, 3), np.uint8), STILL, 2, 64).shape == (
        2,
        64,
        64,
        3,
    )
