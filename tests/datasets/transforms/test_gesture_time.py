from typing import Any

import numpy as np
import pytest

from tests.datasets.transforms.samples import make_sample
from trimodal.datasets.transforms import (
    DropFrames,
    SampleFrames,
    TemporalJitter,
)


def ramp(frames: int, dtype: type = np.float32) -> np.ndarray:
    """Landmarks that all hold their frame's number."""
    numbers = np.arange(frames, dtype=dtype).reshape(-1, 1, 1, 1)
    return np.tile(numbers, (1, 2, 21, 3))


def sample(data: np.ndarray, seed: int = 0, **more: Any) -> dict[str, Any]:
    return dict(gesture=data, rng=np.random.default_rng(seed), **more)


class TestTemporalJitter:
    @pytest.mark.parametrize('offset', [0.5, 3.0])
    def test_reads_at_the_drawn_times(self, offset: float) -> None:
        out = TemporalJitter(max_offset=offset)(sample(ramp(30), seed=3))
        drawn = np.random.default_rng(3).uniform(-offset, offset, 30)
        times = np.sort(np.clip(np.arange(30) + drawn, 0, 29))
        got = out['gesture']
        np.testing.assert_allclose(got[:, 1, 7, 2], times, atol=1e-5)
        assert (got == got[:, :1, :1, :1]).all()

    def test_equals_numpy_interp(self) -> None:
        data = np.random.default_rng(0).normal(size=(9, 2, 21, 3))
        out = TemporalJitter(max_offset=2.0)(sample(data, seed=1))['gesture']
        drawn = np.random.default_rng(1).uniform(-2, 2, 9)
        times = np.sort(np.clip(np.arange(9) + drawn, 0, 8))
        expected = np.interp(times, np.arange(9), data[:, 1, 4, 2])
        np.testing.assert_allclose(out[:, 1, 4, 2], expected, atol=1e-5)

    def test_next_to_a_gap_the_nearer_frame_is_taken(self) -> None:
        data = ramp(6)
        data[3, 0] = np.nan
        score = np.array([[0.9, 0.8]] * 6, np.float16)
        score[3, 0] = 0
        jitter = TemporalJitter(max_offset=0.45)
        out = jitter(sample(data, seed=5, gesture_score=score))
        drawn = np.random.default_rng(5).uniform(-0.45, 0.45, 6)
        times = np.clip(np.arange(6) + drawn, 0, 5)
        for frame in range(6):
            torn = 2 < times[frame] < 4
            left = out['gesture'][frame, 0]
            if frame == 3:
                assert np.isnan(left).all()
            else:
                expected = frame if torn else times[frame]
                np.testing.assert_allclose(left, expected, atol=1e-5)
        np.testing.assert_allclose(
            out['gesture'][:, 1, 0, 0], times, atol=1e-5
        )
        np.testing.assert_array_equal(
            out['gesture_score'][:, 0] == 0,
            np.isnan(out['gesture'][:, 0, 0, 0]),
        )
        np.testing.assert_allclose(out['gesture_score'], score, atol=1e-3)
        assert out['gesture_score'].dtype == np.float16

    def test_one_frame(self) -> None:
        data = ramp(1) + 0.5
        out = TemporalJitter(max_offset=5)(sample(data))['gesture']
        np.testing.assert_array_equal(out, data)

    def test_bad_offset(self) -> None:
        with pytest.raises(ValueError, match='max_offset must be'):
            TemporalJitter(max_offset=-0.5)


class TestDropFrames:
    def test_drops_exactly_the_drawn_share(self) -> None:
        data = ramp(40, np.float16)
        score = np.ones((40, 2), np.float16)
        counts = set()
        for seed in range(100):
            out = DropFrames(ratio=(0.1, 0.5))(
                sample(data, seed, gesture_score=score)
            )
            ratio = np.random.default_rng(seed).uniform(0.1, 0.5)
            lost = np.isnan(out['gesture']).all(axis=(1, 2, 3))
            assert lost.sum() == round(ratio * 40)
            assert (out['gesture'][~lost] == data[~lost]).all()
            np.testing.assert_array_equal(
                out['gesture_score'] == 0, np.stack([lost, lost], 1)
            )
            assert out['gesture'].dtype == np.float16
            counts.add(int(lost.sum()))
        assert counts == set(range(4, 21))

    def test_one_seen_frame_always_stays(self) -> None:
        data = ramp(5)
        data[[0, 2]] = np.nan
        data[3, 1] = np.nan
        for seed in range(20):
            out = DropFrames(ratio=(1, 1))(sample(data, seed))['gesture']
            seen = ~np.isnan(out[..., 0]).all(axis=(1, 2))
            assert seen.sum() == 1
            assert not seen[[0, 2]].any()

    @pytest.mark.parametrize('frames', [1, 4])
    def test_nothing_to_drop(self, frames: int) -> None:
        data = ramp(frames)
        if frames > 1:
            data[:] = np.nan
        out = DropFrames(ratio=(1, 1))(sample(data))
        assert out['gesture'] is data

    def test_bad_ratio(self) -> None:
        with pytest.raises(ValueError, match='ratio must be two numbers'):
            DropFrames(ratio=(0, 1.2))


class TestSampleFrames:
    def test_one_from_each_stretch(self) -> None:
        picked: list[set[int]] = [set() for _ in range(4)]
        for seed in range(100):
            out = SampleFrames(num_frames=4)(sample(ramp(10), seed))
            index = out['gesture'][:, 0, 0, 0].astype(int)
            for stretch, frame in zip(picked, index, strict=True):
                stretch.add(int(frame))
        assert picked == [{0, 1}, {2, 3, 4}, {5, 6}, {7, 8, 9}]

    def test_middle_ones_scores_and_rate(self) -> None:
        given = make_sample()
        out = SampleFrames(num_frames=5, random=False)(given)
        index = [1, 5, 9, 13, 17]
        for key in ('gesture', 'gesture_score', 'gesture_valid'):
            np.testing.assert_array_equal(out[key], given[key][index])
        assert out['gesture_fps'] == 7.5

    def test_short_sequences_stay(self) -> None:
        data = ramp(10)
        assert SampleFrames(num_frames=10)(sample(data))['gesture'] is data

    @pytest.mark.parametrize('num', [0, 2.0, '3'])
    def test_bad_number(self, num: Any) -> None:
        with pytest.raises(ValueError, match='num_frames must be an integer'):
            SampleFrames(num_frames=num)


@pytest.mark.parametrize(
    'transform',
    [TemporalJitter(max_offset=1.5), DropFrames(ratio=(0.3, 0.6))],
    ids=lambda t: type(t).__name__,
)
@pytest.mark.parametrize('seed', range(5))
def test_valid_says_what_is_seen(
    transform: TemporalJitter | DropFrames, seed: int
) -> None:
    out = transform(make_sample(seed))
    seen = ~np.isnan(out['gesture']).any(axis=(2, 3))
    np.testing.assert_array_equal(out['gesture_valid'], seen)
    np.testing.assert_array_equal(out['gesture_score'] > 0, seen)
    assert out['gesture_valid'].dtype == bool
