import pickle

import numpy as np
import pytest

from tests.datasets.preparation.media import (
    HAND,
    hand_frames,
    write_image,
    write_video,
)
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.preparation import hand_model
from trimodal.datasets.preparation.base import MediaError
from trimodal.datasets.preparation.filters import SavgolFilter
from trimodal.datasets.preparation.gesture import GesturePreparer

SAMPLE = SampleAnnotation('a')


def save_landmarks(path, array, **more):
    np.savez(path, landmarks=array, **more)
    return path


def from_landmarks(path, **arguments):
    prepared = GesturePreparer(**arguments)(path, 'gesture_path', SAMPLE)
    return None if prepared is None else prepared.arrays


def walking_hand(steps=12):
    """A right hand that moves right; shares of a frame of 200 x 100."""
    pixels = np.zeros((steps, 2, 21, 3))
    rng = np.random.default_rng(0)
    pixels[:, 1] = rng.uniform(-10, 10, (21, 3))
    pixels[:, 1, 0] = 0
    pixels[:, 1, 9] = (0, -20, 0)  # 20 pixels from wrist to MCP
    shape = pixels[0, 1] / 20
    pixels[:, 1] += np.arange(steps)[:, None, None] * [4, 0, 0]
    pixels[:, 1] += [50, 60, 0]
    pixels[:, 0] = np.nan
    return pixels / [200, 100, 200], shape


def test_landmarks_become_wrist_centred_hand_sizes(tmp_path):
    shares, shape = walking_hand()
    path = save_landmarks(tmp_path / 'a.npz', shares, resolution=[200, 100])
    arrays = from_landmarks(path)
    assert arrays['data'].dtype == np.float16
    assert arrays['data'].shape == (12, 2, 21, 3)
    assert arrays['score'].dtype == np.float16
    assert arrays['valid'].dtype == bool
    assert arrays['valid'].tolist() == [[False, True]] * 12
    assert arrays['score'].tolist() == [[0, 1]] * 12
    assert np.isnan(arrays['data'][:, 0]).all()
    expected = np.broadcast_to(shape, (12, 21, 3))
    np.testing.assert_allclose(arrays['data'][:, 1], expected, atol=1e-3)


def test_motion_can_be_kept(tmp_path):
    shares, shape = walking_hand()
    path = save_landmarks(tmp_path / 'a.npz', shares, resolution=[200, 100])
    data = from_landmarks(path, keep_motion=True)['data']
    np.testing.assert_allclose(data[0, 1], shape, atol=1e-3)
    # 4 pixels a frame are a fifth of the hand's 20.
    np.testing.assert_allclose(data[:, 1, 0, 0], np.arange(12) / 5, atol=2e-3)
    np.testing.assert_allclose(data[:, 1, 0, 1:], 0, atol=1e-3)


def test_unnormalized_landmarks_are_shares_again(tmp_path):
    shares, _ = walking_hand()
    path = save_landmarks(tmp_path / 'a.npz', shares, resolution=[200, 100])
    data = from_landmarks(path, normalize_coordinates=False)['data']
    np.testing.assert_allclose(data, shares, atol=1e-3)


def test_gaps_are_filled_and_scored_zero(tmp_path):
    shares, _ = walking_hand()
    shares[3:5, 1] = np.nan
    shares[7:10, 1] = np.nan
    path = save_landmarks(tmp_path / 'a.npz', shares, resolution=[200, 100])
    arrays = from_landmarks(path, max_gap=2, keep_motion=True)
    valid = [True] * 7 + [False] * 3 + [True] * 2
    assert arrays['valid'][:, 1].tolist() == valid
    np.testing.assert_array_equal(
        np.isfinite(arrays['data'][:, 1]).all((1, 2)), valid
    )
    np.testing.assert_allclose(
        arrays['data'][3:5, 1, 0, 0], [0.6, 0.8], atol=2e-3
    )


def test_smoothing_is_done_in_hand_sizes(tmp_path):
    rng = np.random.default_rng(0)
    shares, _ = walking_hand()
    shares[:, 1] += 0.002 * rng.standard_normal((12, 21, 3))
    seen = {}

    class Spy(SavgolFilter):
        def __call__(self, x, fps):
            seen.update(x=x, fps=fps)
            return super().__call__(x, fps)

    path = save_landmarks(tmp_path / 'a.npz', shares, resolution=[200, 100])
    config = dict(type='SavgolFilter', window=5, order=2)
    smooth = from_landmarks(path, smooth_keypoints=config)['data']
    spied = from_landmarks(path, smooth_keypoints=Spy(5, 2))['data']
    rough = from_landmarks(path)['data']
    np.testing.assert_array_equal(smooth, spied)
    assert seen['fps'] == 30
    assert seen['x'].shape == (12, 63)
    wander = (
        seen['x'].reshape(12, 21, 3)[:, 9]
        - (seen['x'].reshape(12, 21, 3)[:, 0])
    )
    assert np.median(np.linalg.norm(wander, axis=1)) == pytest.approx(1)

    def jitter(data):
        return np.nanstd(np.diff(data[:, 1], axis=0).astype(float))

    assert jitter(smooth) < 0.6 * jitter(rough)


def test_no_hand_is_absent(tmp_path):
    path = save_landmarks(tmp_path / 'a.npz', np.zeros((5, 2, 21, 3)))
    assert from_landmarks(path) is None


def test_a_hand_of_no_size_is_unseen(tmp_path):
    path = save_landmarks(tmp_path / 'a.npz', np.ones((5, 2, 21, 3)))
    assert from_landmarks(path) is None


def test_a_video_of_a_right_hand(tmp_path, hand_model_file):
    path = write_video(tmp_path / 'a.mp4', hand_frames(5), fps=15)
    preparer = GesturePreparer(num_hands=1)
    arrays = preparer(path, 'video_path', SAMPLE).arrays
    # Five frames at 15 Hz are nine ticks of 30.
    assert arrays['valid'].tolist() == [[False, True]] * 9
    data = arrays['data'][:, 1].astype(float)
    np.testing.assert_allclose(data[:, 0], 0)
    sizes = np.linalg.norm(data[:, 9], axis=-1)
    np.testing.assert_allclose(np.median(sizes), 1, atol=2e-3)
    # The index finger, which the photo shows, points up.
    assert (data[:, 8, 1] < data[:, 5, 1] - 0.5).all()
    assert (arrays['score'][:, 1] > 0.8).all()


def test_a_photo_is_a_video_of_one_frame_and_may_need_a_border(
    hand_model_file,
):
    assert GesturePreparer()(HAND, 'video_path', SAMPLE) is None
    preparer = GesturePreparer(border=0.5, normalize_coordinates=False)
    arrays = preparer(HAND, 'video_path', SAMPLE).arrays
    assert arrays['valid'].tolist() == [[False, True]]
    shares = arrays['data'][0, 1, :, :2].astype(float)
    # Of the photo, not of the bordered frame.
    assert shares.min() > -0.1
    assert shares.max() < 1.1
    assert np.ptp(shares[:, 1]) > 0.6


def test_max_frames_counts_ticks(tmp_path, hand_model_file):
    path = write_video(tmp_path / 'a.mp4', hand_frames(4), fps=15)
    preparer = GesturePreparer(num_hands=1, max_frames=3)
    prepared = preparer(path, 'video_path', SAMPLE)
    assert prepared.arrays['data'].shape[0] == 3
    assert prepared.annotation is SAMPLE


def test_unusable_files_are_refused(tmp_path, hand_model_file):
    path = tmp_path / 'a.mp4'
    path.write_bytes(b'no video')
    with pytest.raises(MediaError):
        GesturePreparer()(path, 'video_path', SAMPLE)


def test_nothing_is_needed_for_ready_landmarks(monkeypatch, tmp_path):
    monkeypatch.setenv('TRIMODAL_CACHE', str(tmp_path))
    assert GesturePreparer().require({'gesture_path'}) == {}
    assert not list(tmp_path.iterdir())


def test_videos_need_the_model(hand_model_file):
    versions = GesturePreparer().require({'video_path', 'gesture_path'})
    assert versions['hand_landmarker_sha256'] in hand_model.SHA256
    assert versions['mediapipe'][0].isdigit()


def test_attributes_and_pickling(tmp_path):
    preparer = GesturePreparer(target_fps=25)
    assert preparer.attributes == {'fps': 25.0}
    assert pickle.loads(pickle.dumps(preparer)).options == preparer.options
    picture = write_image(tmp_path / 'a.png')
    with pytest.raises(MediaError, match='no landmark file'):
        preparer(picture, 'gesture_path', SAMPLE)


@pytest.mark.parametrize(
    ('argument', 'value'),
    [
        ('target_fps', 0),
        ('max_frames', 0),
        ('max_gap', -1),
        ('num_hands', 3),
        ('border', -0.5),
        ('detection_confidence', 1.5),
    ],
)
def test_bad_arguments_are_refused(argument, value):
    named = 'confidence' if 'confidence' in argument else argument
    with pytest.raises(ValueError, match=rf'{named}.*{value}'):
        GesturePreparer(**{argument: value})
