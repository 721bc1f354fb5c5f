import numpy as np
import pytest

from tests.datasets.preparation.media import (
    tone,
    write_image,
    write_sound,
    write_video,
)
from trimodal.datasets.preparation.base import MediaError
from trimodal.datasets.preparation.video_io import (
    read_frames,
    sample_by_time,
)


def greys(count, height=48, width=64):
    """Frames of rising brightness, so that each can be told."""
    return [
        np.full((height, width, 3), 20 + 10 * index, np.uint8)
        for index in range(count)
    ]


def sampled(path, fps, max_frames=None):
    """(index by brightness, repeats) of each sampled frame."""
    return [
        (round((frame.image.mean() - 20) / 10), frame.repeats)
        for frame in read_frames(path, fps, max_frames)
    ]


def chosen(milliseconds, fps, max_frames=None):
    """The frame that each tick takes."""
    frames = [(ms / 1000, index) for index, ms in enumerate(milliseconds)]
    return [
        index
        for _, index, repeats in sample_by_time(frames, fps, max_frames)
        for _ in range(repeats)
    ]


def assert_nearest(milliseconds, fps, got):
    """Each tick has the nearest frame; a twentieth of a tick is no matter."""
    times = (np.array(milliseconds) - milliseconds[0]) / 1000
    assert len(got) == int(times[-1] * fps + 0.55) + 1
    for tick, index in enumerate(got):
        distances = np.abs(times - tick / fps) * fps
        assert distances[index] <= distances.min() + 0.1 + 1e-9


def test_the_same_rate_takes_each_frame_once():
    times = [round(1000 * k / 30) for k in range(16)]
    assert chosen(times, 30) == [*range(16)]


def test_half_the_rate_repeats_and_double_skips():
    assert chosen([0, 100, 200, 300], 20) == [0, 0, 1, 1, 2, 2, 3]
    assert chosen([0, 50, 100, 150, 200], 10) == [0, 2, 4]


@pytest.mark.parametrize('offset', [0, 1234])
@pytest.mark.parametrize('source', [15, 25, 29.97, 60])
def test_rounding_to_milliseconds_makes_no_difference(source, offset):
    exact = [1000 * k / source for k in range(40)]
    rounded = [offset + round(time) for time in exact]
    assert chosen(rounded, 30) == chosen(exact, 30)


@pytest.mark.parametrize('seed', range(5))
def test_a_variable_rate_takes_the_nearest(seed):
    rng = np.random.default_rng(seed)
    times = [int(time) for time in np.cumsum(rng.integers(5, 100, 60))]
    assert_nearest(times, 30, chosen(times, 30))


def test_max_frames_counts_ticks_and_stops_reading():
    def endless():
        index = 0
        while True:
            yield index / 10, index
            index += 1

    ticks = sum(n for *_, n in sample_by_time(endless(), 30, 10))
    assert ticks == 10
    assert chosen([0, 100, 200], 30, 4) == [0, 0, 1, 1]


def test_a_clock_that_runs_backwards_is_passed_over():
    assert chosen([0, 100, 50, 100, 200], 10) == [0, 1, 4]


def test_no_frames_give_none():
    assert chosen([], 30) == []


@pytest.mark.parametrize('suffix', ['.mp4', '.avi', '.mov', '.webm'])
def test_containers_are_read(tmp_path, suffix):
    path = write_video(tmp_path / f'a{suffix}', greys(8))
    assert sampled(path, 30) == [(index, 1) for index in range(8)]
    assert [index for index, _ in sampled(path, 10)] == [0, 3, 6]
    assert sampled(path, 60, 5) == [(0, 2), (1, 2), (2, 1)]
    frame = next(iter(read_frames(path, 30)))
    assert frame.time == 0
    assert frame.image.shape == (48, 64, 3)
    assert frame.image.dtype == np.uint8


def test_variable_rate_video(tmp_path):
    times = [0, 33, 66, 400, 433, 800]
    path = write_video(tmp_path / 'a.mp4', greys(6), times)
    got = [i for i, repeats in sampled(path, 20) for _ in range(repeats)]
    assert_nearest(times, 20, got)
    seen = [round(1000 * f.time) for f in read_frames(path, 1000)]
    assert seen == times


def test_a_turned_phone_video_comes_upright(tmp_path):
    frame = np.zeros((48, 64, 3), np.uint8)
    frame[:, :32] = 240  # the left half is bright
    path = write_video(tmp_path / 'a.mov', [frame] * 3, rotation=90)
    image = next(iter(read_frames(path, 30))).image
    assert image.shape == (64, 48, 3)
    # A quarter turn counter-clockwise brings the left side to the bottom.
    assert image[50:].mean() > 220
    assert image[:14].mean() < 20
    assert image.flags.c_contiguous


def test_a_picture_is_a_video_of_one_frame(tmp_path):
    path = write_image(tmp_path / 'a.jpg', (40, 30), orientation=6)
    (frame,) = read_frames(path, 30, 300)
    assert (frame.time, frame.repeats) == (0, 1)
    assert frame.image.shape == (40, 30, 3)


def test_unusable_files_are_refused(tmp_path):
    whole = write_video(tmp_path / 'a.mp4', greys(8)).read_bytes()
    (tmp_path / 'cut.mp4').write_bytes(whole[: len(whole) // 2])
    (tmp_path / 'text.mp4').write_bytes(b'no video')
    (tmp_path / 'text.jpg').write_bytes(b'no picture')
    for name in ('cut.mp4', 'text.mp4', 'text.jpg', 'missing.mp4'):
        with pytest.raises(MediaError, match=r'can not be decoded|no video'):
            list(read_frames(tmp_path / name, 30))
    sound = write_sound(tmp_path / 'sound.wav', tone())
    with pytest.raises(MediaError, match='no video track'):
        list(read_frames(sound, 30))


def test_reading_may_stop_early(tmp_path):
    path = write_video(tmp_path / 'a.mp4', greys(8))
    frames = read_frames(path, 30)
    next(frames)
    frames.close()
    assert list(frames) == []
