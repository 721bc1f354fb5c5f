"""Encoding the media files that converters write."""

import io

import av
import cv2
import numpy as np


def video_codec() -> str:
    """Name of the best mp4 encoder that this PyAV carries."""
    available = av.codec.codecs_available
    return 'libx264' if 'libx264' in available else 'mpeg4'


def encode_mp4(
    frames: np.ndarray, fps: int, codec: str | None = None
) -> bytes:
    """Encode a short clip as mp4.

    Args:
        frames (numpy.ndarray): uint8 ``[T, height, width, 3]``, RGB.
        fps (int): Frames per second.
        codec (str | None): FFmpeg's name of the encoder. Defaults to None,
            :func:`video_codec`.

    Returns:
        bytes: The file; the same for the same frames and library.

    Raises:
        ValueError: If ``frames`` has another type or shape, is empty or has
            an odd height or width, which 4:2:0 video can't hold.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise ValueError(
            'frames must be uint8 [T, height, width, 3], got '
            f'{frames.dtype} {list(frames.shape)}'
        )
    count, height, width = frames.shape[:3]
    if not count or height % 2 or width % 2:
        raise ValueError(
            'frames must be at least one, of even height and width, got '
            f'{list(frames.shape)}'
        )
    codec = codec or video_codec()
    buffer = io.BytesIO()
    with av.open(buffer, 'w', format='mp4') as container:
        stream = container.add_stream(
            codec, rate=fps, options=_encoder_options(codec)
        )
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = width, height
        stream.pix_fmt = 'yuv420p'
        # More threads change nothing but speed, and the jobs are many.
        stream.codec_context.thread_count = 1
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format='rgb24')
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return buffer.getvalue()


def _encoder_options(codec: str) -> dict[str, str]:
    if codec == 'libx264':
        # Macroblock trees make x264 give other bytes from time to time: of
        # 2,500 times the same clip, up to half; without them, none.
        return {'crf': '20', 'preset': 'veryfast', 'x264-params': 'mbtree=0'}
    return {'b': '1000000'}


def encode_picture(pixels: np.ndarray, suffix: str) -> bytes:
    """Encode a picture.

    Args:
        pixels (numpy.ndarray): uint8 ``[height, width]`` grey or ``[height,
            width, 3]`` RGB.
        suffix (str): ``'.png'`` or ``'.jpg'`` (quality 92).

    Returns:
        bytes: The file.
    """
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if suffix == '.jpg' else []
    done, data = cv2.imencode(suffix, pixels, quality)
    assert done
    return data.tobytes()
