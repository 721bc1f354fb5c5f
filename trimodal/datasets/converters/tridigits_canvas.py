"""Several written digits in one picture, each with the box around its ink."""

from collections.abc import Sequence

import cv2
import numpy as np

SIZE = 96
SCALES = (0.8, 1.5)  # of MNIST's 28 pixels
GAP = 2  # pixels between two boxes, at least
INK = 64  # grey value from which a pixel counts as ink
_TRIES = 50


def compose(
    digits: Sequence[np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Place digits at random, at random sizes; no two boxes touch.

    Args:
        digits (Sequence[numpy.ndarray]): uint8 ``[28, 28]`` each, light on
            black; at most 6.
        rng (numpy.random.Generator): Draws sizes and places.

    Returns:
        tuple[numpy.ndarray, numpy.ndarray]: The picture, uint8 ``[96, 96]``,
        and float32 ``[N, 4]``: x1, y1, x2, y2, tight around the pixels of at
        least a quarter of the full brightness.
    """
    while True:
        inks = [_cut_out(_scaled(pixels, rng)) for pixels in digits]
        places = _places([ink.shape for ink in inks], rng)
        if places is not None:
            break
    picture = np.zeros((SIZE, SIZE), np.uint8)
    for ink, (x, y) in zip(inks, places, strict=True):
        picture[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
    boxes = [
        (x, y, x + ink.shape[1], y + ink.shape[0])
        for ink, (x, y) in zip(inks, places, strict=True)
    ]
    return picture, np.array(boxes, np.float32)


def _scaled(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    scale = rng.uniform(*SCALES)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    side = round(scale * len(pixels))
    return cv2.resize(pixels, (side, side), interpolation=way)


def _cut_out(pixels: np.ndarray) -> np.ndarray:
    """The part of a picture that its ink needs."""
    ink = pixels >= min(INK, pixels.max())
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _places(
    shapes: Sequence[tuple[int, ...]], rng: np.random.Generator
) -> list[tuple[int, int]] | None:
    """A corner (x, y) for each; None if the drawn ones left no room."""
    taken = np.zeros((SIZE, SIZE), bool)
    places = []
    for height, width in shapes:
        for _ in range(_TRIES):
            x = int(rng.integers(SIZE - width + 1))
            y = int(rng.integers(SIZE - height + 1))
            around = taken[
                max(y - GAP, 0) : y + height + GAP,
                max(x - GAP, 0) : x + width + GAP,
            ]
            if not around.any():
                break
        else:
            return None
        taken[y : y + height, x : x + width] = True
        places.append((x, y))
    return places
