"""The panels of a sample's picture: each draws one thing on given axes.

Shape letters: N samples of a waveform, T frames, C classes, M modalities.
"""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes

from trimodal.visualization.figure import (
    BLUE,
    COLORS,
    FAINT,
    GREEN,
    INK,
    MUTED,
    RED,
)

# A floats' array with fewer rows or columns is no picture.
SMALLEST = 16


def as_picture(data: np.ndarray) -> np.ndarray | None:
    """A modality's array as uint8 ``[height, width, 1 or 3]``.

    Floats are of 0 to 1 or 0 to 255; where some are negative they have been
    normalised, nobody knows by what, and are stretched over the whole range.

    Args:
        data (np.ndarray): uint8, channels first or last, or floats, channels
            first.

    Returns:
        np.ndarray | None: The picture; None if it is something else.
    """
    if data.ndim != 3:
        return None
    first = data.shape[0] in (1, 3)
    if data.dtype == np.uint8 and data.shape[2] in (1, 3):
        return data
    if data.dtype != np.uint8:
        small = min(data.shape[1:]) < SMALLEST
        if small or not np.issubdtype(data.dtype, np.floating):
            return None
        data = _bytes(data)
    return data.transpose(1, 2, 0) if first else None


def _bytes(data: np.ndarray) -> np.ndarray:
    low, high = float(data.min()), float(data.max())
    if low < 0:
        data, high = (data - low) / max(high - low, 1e-6), 1
    scale = 1 if high > 1 else 255
    return (data * scale).clip(0, 255).astype(np.uint8)


def draw_image(axes: Axes, image: np.ndarray) -> None:
    """Show a picture, uint8 ``[height, width, 3]``, or 1, grey, for the 3.

    Its upper left corner, not the middle of the first pixel, is 0, 0.
    """
    height, width = image.shape[:2]
    extent = (0, width, height, 0)
    axes.imshow(image, cmap='gray', vmin=0, vmax=255, extent=extent)
    axes.set(xticks=[], yticks=[], anchor='NW')
    axes.spines[:].set_visible(False)


def draw_waveform(axes: Axes, wave: np.ndarray, rate: float) -> None:
    """Draw a waveform, ``[N]``, int16 or float in -1 to 1, over seconds."""
    wave = _unit(wave)
    time = np.arange(len(wave)) / rate
    axes.plot(time, wave, color=BLUE, linewidth=0.5)
    top = max(float(np.abs(wave).max(initial=0)), 1e-3)
    axes.set(xlim=(0, _seconds(wave, rate)), ylim=(-top, top), yticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelbottom=False)


def draw_log_mel(axes: Axes, wave: np.ndarray, rate: float) -> None:
    """Draw the log-mel spectrogram (25 ms windows) of a waveform."""
    from torchaudio.transforms import MelSpectrogram

    wave = _unit(wave)
    window = max(int(0.025 * rate), 16)
    mel = MelSpectrogram(
        int(rate), n_fft=window, hop_length=window * 2 // 5, n_mels=40
    )
    # The reflected border of a spectrogram needs half a window of sound.
    padded = np.pad(wave, (0, max(0, window - len(wave))))
    power = mel(torch.from_numpy(padded))
    decibels = 10 * torch.log10(power + 1e-10).numpy()
    peak = max(float(decibels.max()), -40)  # silence is dark
    axes.imshow(
        decibels,
        origin='lower',
        aspect='auto',
        cmap='magma',
        vmin=peak - 60,
        vmax=peak,
        extent=(0, len(padded) / rate, 0, rate / 2000),
    )
    axes.set(xlabel='seconds', ylabel='mel', yticks=[])
    axes.set_xlim(0, _seconds(wave, rate))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def draw_series(axes: Axes, series: np.ndarray, rate: float) -> None:
    """Draw any other sequence, ``[T, ...]``: a line a channel, at most 7."""
    lines = np.asarray(series, dtype=np.float32).reshape(len(series), -1)
    time = np.arange(len(lines)) / rate
    for line, color in zip(lines.T, COLORS, strict=False):
        axes.plot(time, line, color=color, linewidth=1)
    axes.set(xlabel='seconds')
    axes.grid(axis='y')


def draw_scores(
    axes: Axes,
    scores: np.ndarray,
    names: Sequence[str],
    target: int | Sequence[int] | None = None,
    most: int = 10,
    chosen: Sequence[int] | None = None,
    threshold: float | None = None,
) -> None:
    """Draw the highest class scores as bars, the best on top.

    What is true is green, and what was predicted without being true is red,
    or blue where the truth is not known.

    Args:
        axes (Axes): Where to draw.
        scores (np.ndarray): float ``[C]``, in 0 to 1.
        names (Sequence[str]): The classes' names.
        target (int | Sequence[int] | None): The true class, or several;
            always among the bars. Defaults to None: unknown.
        most (int): Bars at most. Defaults to 10.
        chosen (Sequence[int] | None): The predicted classes. Defaults to
            None: the best.
        threshold (float | None): The score from which on classes are
            predicted, drawn as a line. Defaults to None: there is none.
    """
    order = np.argsort(-scores, kind='stable').tolist()
    chosen = order[:1] if chosen is None else chosen
    true = [target] if isinstance(target, int) else list(target or ())
    order = _shown(order, true, most)
    said = BLUE if target is None else RED
    colors = [
        GREEN if i in true else said if i in chosen else FAINT for i in order
    ]
    rows = range(len(order))
    values = scores[order]
    axes.barh(rows, values, color=colors, height=0.7)
    if threshold is not None:
        axes.axvline(threshold, color=MUTED, linewidth=1, linestyle=':')
    for row, value in zip(rows, values, strict=True):
        axes.text(value + 0.02, row, f'{value:.3f}', va='center', color=MUTED)
    axes.set_yticks(rows, [names[i] for i in order], color=INK)
    for label, i in zip(axes.get_yticklabels(), order, strict=True):
        if i in true:
            label.set(color=GREEN, fontweight='bold')
    axes.set(xlim=(0, 1.18), ylim=(max(len(order), 4) - 0.4, -0.6), xticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _shown(order: list[int], true: Sequence[int], most: int) -> list[int]:
    """The first classes, the last of them making way for true ones."""
    shown = order[:most]
    missing = [i for i in order[most:] if i in true][:most]
    return shown[: len(shown) - len(missing)] + missing


def draw_weights(
    axes: Axes,
    names: Sequence[str],
    weights: np.ndarray,
    present: Sequence[str] | None = None,
) -> None:
    """Draw each modality's share in the fusion.

    Args:
        axes (Axes): Where to draw.
        names (Sequence[str]): The ``M`` modalities.
        weights (np.ndarray): float ``[M]``, in 0 to 1.
        present (Sequence[str] | None): Those that the sample has. Defaults
            to None: all.
    """
    rows = range(len(names))
    axes.barh(rows, [1] * len(names), color='#f1f3f6', height=0.55)
    axes.barh(rows, weights, color=COLORS[: len(names)], height=0.55)
    for row, name, weight in zip(rows, names, weights, strict=True):
        absent = present is not None and name not in present
        text = 'absent' if absent else f'{weight:.2f}'
        axes.text(1.03, row, text, va='center', color=MUTED)
    axes.set_yticks(rows, names, color=INK)
    axes.set(xlim=(0, 1.3), ylim=(len(names) - 0.4, -0.6), xticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _seconds(wave: np.ndarray, rate: float) -> float:
    return max(len(wave), 1) / rate


def _unit(wave: np.ndarray) -> np.ndarray:
    wave = np.asarray(wave)
    if wave.dtype == np.int16:
        return wave.astype(np.float32) / 32768
    return wave.astype(np.float32)
