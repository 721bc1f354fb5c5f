from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.datasets.transforms.samples import make_sample
from trimodal.datasets.transforms import (
    MirrorHands,
    RotateScaleLandmarks,
    SpatialNoise,
)
from trimodal.datasets.transforms.gesture import hand_size, rotation


def hands(frames: int = 12, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    data = rng.uniform(0.2, 0.8, (frames, 2, 21, 3)).astype(np.float32)
    data[2:4, 0] = np.nan
    return data


def run(transform: Any, data: np.ndarray, seed: int = 0) -> np.ndarray:
    sample = {'gesture': data, 'rng': np.random.default_rng(seed)}
    return transform(sample)['gesture']


class TestHandSize:
    def test_by_hand(self) -> None:
        data = np.full((3, 2, 21, 3), np.nan, np.float32)
        data[:2, 0] = 0
        data[0, 0, 9] = (3, 4, 0)
        data[1, 0, 9] = (0, 0, 1)
        assert hand_size(data).tolist() == [3.0, 0.0]


class TestSpatialNoise:
    def test_standard_deviation_is_in_hand_sizes(self) -> None:
        data = np.zeros((200, 2, 21, 3), np.float32)
        data[:, 0, 9, 0], data[:, 1, 9, 1] = 1.0, 0.2
        noise = run(SpatialNoise(std=0.05), data) - data
        spread = noise.std(axis=(0, 2, 3))
        np.testing.assert_allclose(spread, [0.05, 0.01], rtol=0.03)
        assert abs(noise.mean()) < 1e-3

    def test_suits_every_scale_alike(self) -> None:
        data = hands()
        noise = run(SpatialNoise(), data) - data
        larger = run(SpatialNoise(), data * 100) - data * 100
        np.testing.assert_allclose(larger, noise * 100, atol=1e-3)

    def test_unseen_stays_unseen(self) -> None:
        data = hands()
        np.testing.assert_array_equal(
            np.isnan(run(SpatialNoise(), data)), np.isnan(data)
        )

    def test_bad_std(self) -> None:
        with pytest.raises(ValueError, match='std must be'):
            SpatialNoise(std=-1)


class TestMirrorHands:
    @pytest.mark.parametrize('center', [0.0, 0.5])
    def test_mirrors_x_and_swaps_slots(self, center: float) -> None:
        data = hands()
        out = run(MirrorHands(center=center, prob=1.0), data)
        for frame in range(len(data)):
            for hand in (0, 1):
                x, y, z = np.moveaxis(data[frame, 1 - hand], -1, 0)
                np.testing.assert_allclose(
                    out[frame, hand],
                    np.stack([2 * center - x, y, z], axis=-1),
                    atol=1e-6,
                )
        assert out.flags.c_contiguous

    def test_twice_is_nothing(self) -> None:
        data, mirror = hands(), MirrorHands(prob=1.0)
        np.testing.assert_array_equal(run(mirror, run(mirror, data)), data)

    def test_scores_swap_too(self) -> None:
        sample = make_sample()
        out = MirrorHands(prob=1.0)(sample)
        for key in ('gesture_score', 'gesture_valid'):
            np.testing.assert_array_equal(out[key], sample[key][:, [1, 0]])

    def test_bad_center(self) -> None:
        with pytest.raises(ValueError, match='center must be a number'):
            MirrorHands(center='wrist')  # type: ignore[arg-type]


class TestRotateScaleLandmarks:
    def test_rotation_equals_scipy(self) -> None:
        angles = np.random.default_rng(0).uniform(-3, 3, 3)
        np.testing.assert_allclose(
            rotation(*angles),
            Rotation.from_euler('xyz', angles).as_matrix(),
            atol=1e-12,
        )

    @pytest.mark.parametrize('center', ['wrist', (0, 0, 0), (0.5, 0.5, 0)])
    def test_equals_scipy_with_the_same_draws(self, center: Any) -> None:
        data = hands()
        out = run(
            RotateScaleLandmarks(
                angle=30, tilt=20, scale=(0.5, 1.5), center=center
            ),
            data,
            seed=4,
        )
        rng = np.random.default_rng(4)
        angles = rng.uniform([-20, -20, -30], [20, 20, 30])
        turn = Rotation.from_euler('xyz', angles, degrees=True).as_matrix()
        scale = rng.uniform(0.5, 1.5)
        pivot = data[:, :, :1] if center == 'wrist' else np.array(center)
        expected = scale * np.einsum('ij,thvj->thvi', turn, data - pivot)
        np.testing.assert_allclose(out, expected + pivot, atol=1e-5)

    def test_in_plane_keeps_depth_and_wrist(self) -> None:
        data = hands()
        out = run(RotateScaleLandmarks(angle=180, scale=(1, 1)), data)
        np.testing.assert_allclose(out[..., 2], data[..., 2], atol=1e-6)
        np.testing.assert_allclose(out[:, :, 0], data[:, :, 0], atol=1e-6)
        assert not np.allclose(out, data, equal_nan=True, atol=1e-2)

    @pytest.mark.parametrize('center', ['wrist', (0.5, 0.25, 0)])
    def test_in_the_plane_it_is_the_shadow_of_space(self, center: Any) -> None:
        data = hands()
        data[..., 2] = 0
        change = RotateScaleLandmarks(angle=180, tilt=40, center=center)
        flat = run(change, data[..., :2], seed=3)
        whole = run(change, data, seed=3)
        np.testing.assert_allclose(flat, whole[..., :2], atol=1e-6)

    def test_normalised_hands_turn_about_the_origin(self) -> None:
        data = hands()
        data = data - data[:, :, :1]
        np.testing.assert_allclose(
            run(RotateScaleLandmarks(tilt=9), data),
            run(RotateScaleLandmarks(tilt=9, center=(0, 0, 0)), data),
            atol=1e-6,
        )

    def test_positive_angle_turns_x_towards_y(self) -> None:
        quarter = rotation(0, 0, np.pi / 2)
        np.testing.assert_allclose(quarter @ [1, 0, 0], [0, 1, 0], atol=1e-9)

    @pytest.mark.parametrize(
        ('name', 'value'),
        [
            ('angle', -1),
            ('tilt', 181),
            ('scale', (0, 1)),
            ('center', 'palm'),
            ('center', (0, 0)),
        ],
    )
    def test_bad_arguments(self, name: str, value: Any) -> None:
        with pytest.raises(ValueError, match=f'{name} must be'):
            RotateScaleLandmarks(**{name: value})
