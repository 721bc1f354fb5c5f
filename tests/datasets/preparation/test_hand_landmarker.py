import numpy as np
import pytest

from tests.datasets.preparation.media import hand_frames
from trimodal.datasets.preparation.hand_landmarker import (
    NUM_JOINTS,
    HandOptions,
    detect_hands,
    version,
)
from trimodal.datasets.preparation.hand_slots import LEFT, RIGHT
from trimodal.datasets.preparation.video_io import Sampled

ONE = HandOptions(num_hands=1)


def video(images, repeats=1):
    return [
        Sampled(index / 30, image, repeats)
        for index, image in enumerate(images)
    ]


def points(hands):
    """float [T, 21, 3] of videos with one hand in each frame."""
    return np.stack([hand.landmarks for (hand,) in hands])


def test_version():
    assert version()[0].isdigit()


def test_sides_are_the_persons_own(hand_model_file):
    """The photo shows a right hand; its mirror image a left one."""
    frames = hand_frames(2)
    mirrored = [frame[:, ::-1] for frame in frames]
    hands, size = detect_hands(video(frames), hand_model_file, ONE)
    assert size == (256, 256)
    assert [hand.side for (hand,) in hands] == [RIGHT, RIGHT]
    assert all(hand.score > 0.8 for (hand,) in hands)
    assert points(hands).shape == (2, NUM_JOINTS, 3)
    hands, _ = detect_hands(video(mirrored), hand_model_file, ONE)
    assert [hand.side for (hand,) in hands] == [LEFT, LEFT]


def test_two_hands_are_found(hand_model_file):
    frame = hand_frames(1)[0][30:-30, 50:-50]
    both = np.concatenate([frame, frame[:, ::-1]], axis=1)
    hands, size = detect_hands(video([both]), hand_model_file, HandOptions())
    assert size == (312, 196)
    right, left = sorted(hands[0], key=lambda hand: hand.landmarks[0, 0])
    assert (right.side, left.side) == (RIGHT, LEFT)
    # The second picture is the mirror image of the first: joint by joint.
    mirrored = left.landmarks * [-1, 1, 1] + [312, 0, 0]
    apart = (mirrored - right.landmarks)[:, :2]
    assert np.linalg.norm(apart, axis=1).mean() < 0.15 * right.size


def test_the_aspect_of_the_frame_makes_no_difference(hand_model_file):
    frame = hand_frames(1)[0]
    wide = np.pad(frame, ((0, 0), (0, 200), (0, 0)), 'edge')
    square, _ = detect_hands(video([frame]), hand_model_file, ONE)
    padded, size = detect_hands(video([wide]), hand_model_file, ONE)
    assert size == (456, 256)
    apart = np.linalg.norm(points(square) - points(padded), axis=-1)
    assert apart.mean() < 0.1 * square[0][0].size


def test_a_border_is_taken_off_again(hand_model_file):
    """As if the frame had come with the border, but for the origin."""
    frame = hand_frames(1)[0][50:-50, 20:-20]
    height, width = frame.shape[:2]
    rows, columns = round(0.3 * height), round(0.3 * width)
    padding = ((rows, rows), (columns, columns), (0, 0))
    bordered = np.pad(frame, padding, 'edge')
    options = HandOptions(num_hands=1, border=0.3)
    ours, size = detect_hands(video([frame]), hand_model_file, options)
    theirs, _ = detect_hands(video([bordered]), hand_model_file, ONE)
    assert size == (width, height)
    expected = points(theirs) - [columns, rows, 0]
    np.testing.assert_allclose(points(ours), expected)


def test_videos_before_make_no_difference(hand_model_file):
    frames = hand_frames(4)
    alone, _ = detect_hands(video(frames), hand_model_file, ONE)
    detect_hands(video([frames[0][::-1]] * 3), hand_model_file, ONE)
    again, _ = detect_hands(video(frames), hand_model_file, ONE)
    np.testing.assert_array_equal(points(alone), points(again))


def test_repeats_and_empty_frames(hand_model_file):
    grey = np.full((64, 96, 3), 128, np.uint8)
    hands, size = detect_hands(video([grey, grey], 3), hand_model_file, ONE)
    assert hands == [[]] * 6
    assert size == (96, 64)
    assert detect_hands([], hand_model_file, ONE) == ([], (0, 0))


def test_equal_times_are_no_error(hand_model_file):
    frame = hand_frames(1)[0]
    frames = [Sampled(0.1001, frame, 1), Sampled(0.1002, frame, 1)]
    assert len(detect_hands(frames, hand_model_file, ONE)[0]) == 2


def test_mediapipe_is_quiet(hand_model_file, capfd):
    detect_hands(video(hand_frames(2)), hand_model_file, HandOptions())
    assert capfd.readouterr() == ('', '')


def test_a_file_that_is_no_model_raises(tmp_path):
    path = tmp_path / 'a.task'
    path.write_bytes(b'no model')
    with pytest.raises((ValueError, RuntimeError)):
        detect_hands(video(hand_frames(1)), path, ONE)
