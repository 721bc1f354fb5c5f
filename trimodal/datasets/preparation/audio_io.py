"""Reading sound: soundfile where it can, PyAV for the rest."""

from pathlib import Path

import av
import numpy as np
import soundfile

from trimodal.datasets.preparation.base import MediaError


def read_audio(path: Path) -> tuple[np.ndarray, int]:
    """Read a sound file, or the first audio track of a video.

    Args:
        path (Path): The file.

    Returns:
        tuple[np.ndarray, int]: float32 mono waveform ``[N]``, the mean of
        the channels, full scale = 1, and its sample rate in Hz.

    Raises:
        MediaError: If the file can't be read, has no audio track, no
            samples, or samples that are no finite numbers.
    """
    try:
        waveform, sample_rate = soundfile.read(
            path, dtype='float32', always_2d=True
        )
    except soundfile.LibsndfileError:
        waveform, sample_rate = _read_track(path)
    if not len(waveform):
        raise MediaError('no audio samples')
    if not np.isfinite(waveform).all():
        raise MediaError('samples that are no finite numbers')
    return waveform.mean(axis=1, dtype=np.float32), sample_rate


def _read_track(path: Path) -> tuple[np.ndarray, int]:
    """Decode with PyAV; float32 ``[N, channels]`` and the rate."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise MediaError('no audio track')
            stream = container.streams.audio[0]
            resampler = av.AudioResampler(format='fltp')
            # A None at the end makes the resampler give out what it holds.
            blocks = [
                block.to_ndarray()
                for frame in [*container.decode(stream), None]
                for block in resampler.resample(frame)
            ]
            rate = stream.codec_context.sample_rate
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f'can not be decoded: {error}') from error
    if not blocks:
        raise MediaError('no audio samples')
    return np.concatenate(blocks, axis=1).T, rate
