import io

import av
import cv2
import numpy as np
import pytest

from trimodal.datasets.converters.media import (
    encode_mp4,
    encode_picture,
    video_codec,
)


@pytest.fixture
def frames():
    """Two colour planes that slide, so that frames and channels differ."""
    y, x = np.mgrid[:48, :64].astype(np.float32)
    clip = [
        np.stack([2 * x + 8 * t, 3 * y, 0 * x + 60], axis=-1) for t in range(6)
    ]
    return np.stack(clip).astype(np.uint8)


@pytest.mark.parametrize('codec', [None, 'mpeg4'])
def test_mp4_decodes_to_what_went_in(frames, codec):
    data = encode_mp4(frames, 15, codec)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 15
        pictures = list(container.decode(stream))
    decoded = np.stack([p.to_ndarray(format='rgb24') for p in pictures])
    assert decoded.shape == frames.shape
    assert [round(15 * p.time) for p in pictures] == list(range(6))
    error = np.abs(decoded.astype(int) - frames)
    assert error.mean() < 4
    assert data == encode_mp4(frames, 15, codec)


def test_codec_is_one_that_pyav_has():
    assert video_codec() in av.codec.codecs_available


@pytest.mark.parametrize(
    ('bad', 'message'),
    [
        (np.zeros((2, 8, 8, 3), np.float32), 'float32'),
        (np.zeros((2, 8, 8), np.uint8), r'\[2, 8, 8\]'),
        (np.zeros((0, 8, 8, 3), np.uint8), 'at least one'),
        (np.zeros((2, 7, 8, 3), np.uint8), 'even height'),
    ],
)
def test_mp4_refuses(bad, message):
    with pytest.raises(ValueError, match=message):
        encode_mp4(bad, 15)


def test_png_is_exact():
    grey = np.arange(28 * 28, dtype=np.uint16).reshape(28, 28) % 256
    data = encode_picture(grey.astype(np.uint8), '.png')
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded, grey)


def test_jpg_keeps_the_colours():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    data = encode_picture(red, '.jpg')
    blue, green, red_again = cv2.imdecode(
        np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR
    )[8, 8].astype(int)
    assert max(blue, green) < 10
    assert abs(red_again - 200) < 10
