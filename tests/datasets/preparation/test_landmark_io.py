import numpy as np
import pytest

from trimodal.datasets.preparation.base import MediaError
from trimodal.datasets.preparation.landmark_io import read_landmarks


def ramp(steps):
    """Joint coordinates of 0.01 a frame, from 0.01 on."""
    rise = np.arange(1, steps + 1)[:, None, None, None] / 100
    return np.broadcast_to(rise, (steps, 2, 21, 3)).astype(np.float32)


def read(path, max_frames=None, **metadata):
    return read_landmarks(path, 30.0, max_frames, metadata)


def save(path, array=None, **arrays):
    if array is None:
        np.savez(path, **arrays)
    else:
        np.save(path, array)
    return path


def test_a_plain_array_is_at_the_target_rate(tmp_path):
    landmarks, scores, size = read(save(tmp_path / 'a.npy', ramp(5)))
    np.testing.assert_allclose(landmarks, ramp(5))
    np.testing.assert_array_equal(scores, np.ones((5, 2)))
    assert size == (1, 1)


def test_nan_and_zero_mean_unseen(tmp_path):
    array = ramp(4).copy()
    array[1, 0] = 0
    array[2, 1, 20, 2] = np.nan
    landmarks, _, _ = read(save(tmp_path / 'a.npy', array))
    unseen = np.isnan(landmarks)
    assert unseen[1, 0].all()
    assert unseen[2, 1].all()
    assert unseen.sum() == 2 * 63


def test_an_archive_says_more(tmp_path):
    score = np.linspace(0, 1, 8).reshape(4, 2)
    path = save(
        tmp_path / 'a.npz',
        landmarks=ramp(4),
        score=score,
        fps=15,
        resolution=[640, 480],
    )
    landmarks, scores, size = read(path, fps=3, resolution=[1, 2])
    assert size == (640, 480)
    # At half the target rate every frame but the last comes twice.
    assert [round(v) for v in landmarks[:, 0, 0, 0] / 6.4] == [
        *(1, 1, 2, 2, 3, 3, 4)
    ]
    np.testing.assert_allclose(landmarks[0, 0, 0], [6.4, 4.8, 6.4], rtol=1e-5)
    np.testing.assert_allclose(scores[4], score[2])


def test_an_archive_of_one_array_may_call_it_anything(tmp_path):
    landmarks, _, _ = read(save(tmp_path / 'a.npz', hands=ramp(3)))
    assert len(landmarks) == 3


def test_metadata_fills_in(tmp_path):
    path = save(tmp_path / 'a.npy', ramp(6))
    landmarks, _, size = read(path, fps=60, resolution=[20, 10])
    assert size == (20, 10)
    np.testing.assert_allclose(
        landmarks[:, 0, 0, 0] / 0.2, [1, 3, 5, 6], rtol=1e-5
    )
    assert len(read(path, 2)[0]) == 2


@pytest.mark.parametrize(
    ('arrays', 'reason'),
    [
        ({'landmarks': np.zeros((3, 21, 3))}, r'\[T, 2, 21, 3\]'),
        ({'landmarks': np.zeros((0, 2, 21, 3))}, 'no frames'),
        ({'landmarks': np.full((1, 2, 21, 3), 'a')}, 'numbers'),
        ({'a': np.zeros(1), 'b': np.zeros(1)}, "no array 'landmarks'"),
        ({'landmarks': ramp(2), 'score': np.zeros(2)}, r'\[2, 2\]'),
        ({'landmarks': ramp(2), 'fps': 0}, 'fps'),
        ({'landmarks': ramp(2), 'fps': [1, 2]}, 'fps'),
        ({'landmarks': ramp(2), 'resolution': [1, 0]}, 'resolution'),
        ({'landmarks': ramp(2), 'resolution': 'big'}, 'resolution'),
    ],
)
def test_other_contents_are_refused(tmp_path, arrays, reason):
    path = save(tmp_path / 'a.npz', **arrays)
    with pytest.raises(MediaError, match=reason):
        read(path)


def test_other_files_are_refused(tmp_path):
    whole = save(tmp_path / 'a.npz', landmarks=ramp(3)).read_bytes()
    (tmp_path / 'cut.npz').write_bytes(whole[: len(whole) // 2])
    (tmp_path / 'text.npy').write_bytes(b'text')
    np.save(tmp_path / 'object.npy', np.array([{}], dtype=object))
    for name in ('cut.npz', 'text.npy', 'object.npy', 'missing.npy'):
        with pytest.raises(MediaError, match='no landmark file'):
            read(tmp_path / name)
