"""The demo's pictures: simple objects, drawn, with their boxes."""

from dataclasses import dataclass

import cv2
import numpy as np

OBJECTS = ('cup', 'ball', 'box', 'key')
PICTURE_SIZE = 112

_FINE = 2  # drawn this much larger, then reduced
_SUBPIXEL_BITS = 4
_CLUTTER = 5
# A part: contours in [-1, 1]², y down, and its brightness. A contour within
# another is a hole.
_Part = tuple[list[np.ndarray], float]


def _round(
    x: float, y: float, radius: float, height: float | None = None
) -> np.ndarray:
    """A circle or an ellipse, as a polygon ``[32, 2]``."""
    angle = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
    height = radius if height is None else height
    return np.stack(
        [x + radius * np.cos(angle), y + height * np.sin(angle)], axis=1
    )


def _polygon(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points)


def _rectangle(
    left: float, top: float, right: float, bottom: float
) -> np.ndarray:
    return _polygon((left, top), (right, top), (right, bottom), (left, bottom))


_PARTS: dict[str, list[_Part]] = {
    'cup': [
        ([_round(0.6, 0.05, 0.4), _round(0.6, 0.05, 0.25)], 0.75),
        (
            [_polygon((-0.8, -0.8), (0.6, -0.8), (0.45, 0.9), (-0.65, 0.9))],
            1.0,
        ),
        ([_round(-0.1, -0.8, 0.7, 0.2)], 0.55),
    ],
    'ball': [
        ([_round(0.0, 0.0, 1.0)], 0.9),
        ([_round(0.0, 0.0, 1.0, 0.42), _round(0.0, 0.0, 1.0, 0.2)], 0.6),
        ([_round(-0.35, -0.45, 0.25)], 1.35),
    ],
    'box': [
        ([_rectangle(-1.0, -0.35, 0.45, 0.95)], 1.0),
        (
            [
                _polygon(
                    (-1.0, -0.35), (-0.5, -0.95), (0.95, -0.95), (0.45, -0.35)
                )
            ],
            1.3,
        ),
        (
            [
                _polygon(
                    (0.45, -0.35), (0.95, -0.95), (0.95, 0.35), (0.45, 0.95)
                )
            ],
            0.65,
        ),
        ([_rectangle(-0.35, -0.35, -0.15, 0.95)], 0.75),
    ],
    'key': [
        ([_round(-0.55, 0.0, 0.45), _round(-0.55, 0.0, 0.22)], 0.95),
        ([_rectangle(-0.15, -0.1, 1.0, 0.1)], 0.95),
        ([_rectangle(0.55, 0.1, 0.68, 0.4)], 0.85),
        ([_rectangle(0.82, 0.1, 0.97, 0.5)], 0.85),
    ],
}


@dataclass(frozen=True)
class Placed:
    """An object in a picture.

    Args:
        name (str): One of :data:`OBJECTS`.
        centre (tuple[float, float]): x and y in pixels.
        radius (float): Half its extent in pixels.
        degrees (float): How far it is turned.
        colour (tuple[float, float, float]): RGB, 0 to 255.
    """

    name: str
    centre: tuple[float, float]
    radius: float
    degrees: float
    colour: tuple[float, float, float]


def random_colour(
    rng: np.random.Generator, saturation: float, brightness: float
) -> tuple[float, float, float]:
    """A colour of any hue; saturation and brightness from 0 to 1."""
    hsv = np.array([[[rng.uniform(0, 360), saturation, brightness]]])
    red, green, blue = cv2.cvtColor(hsv.astype(np.float32), cv2.COLOR_HSV2RGB)[
        0, 0
    ]
    return 255.0 * float(red), 255.0 * float(green), 255.0 * float(blue)


def place_objects(
    name: str, extent: float, rng: np.random.Generator
) -> list[Placed]:
    """Put one object into a picture, sometimes with a smaller twin.

    Args:
        name (str): One of :data:`OBJECTS`.
        extent (float): Its size as a part of the picture's.
        rng (numpy.random.Generator): Source of place, turn and colour.

    Returns:
        list[Placed]: One or two objects that don't overlap.
    """
    colour = random_colour(rng, rng.uniform(0.6, 1.0), rng.uniform(0.45, 0.9))
    first = _place(name, extent, colour, rng)
    if rng.uniform() > 0.3:
        return [first]
    twin = _place(name, 0.6 * extent, colour, rng)
    distance = np.hypot(*np.subtract(first.centre, twin.centre))
    # A turned object reaches √2 of its radius into the corners.
    apart = distance > 1.45 * (first.radius + twin.radius)
    return [first, twin] if apart else [first]


def _place(
    name: str,
    extent: float,
    colour: tuple[float, float, float],
    rng: np.random.Generator,
) -> Placed:
    radius = extent * PICTURE_SIZE / 2
    free = min(1.3 * radius, PICTURE_SIZE / 2)
    x, y = rng.uniform(free, PICTURE_SIZE - free, 2)
    return Placed(name, (x, y), radius, rng.uniform(-25, 25), colour)


def draw_picture(
    objects: list[Placed],
    wall: tuple[float, float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw objects before a wall with some clutter and noise.

    Args:
        objects (list[Placed]): What to draw, the last on top.
        wall (tuple[float, float, float]): The wall's colour, RGB 0 to 255.
        rng (numpy.random.Generator): Source of clutter and noise.

    Returns:
        numpy.ndarray: uint8 ``[size, size, 3]``, RGB.
    """
    fine = PICTURE_SIZE * _FINE
    picture = draw_wall(fine, wall, rng)
    for _ in range(_CLUTTER):
        ends = rng.uniform(0, fine, (2, 2)).astype(int).tolist()
        tone = [float(np.clip(c + rng.normal(0, 25), 0, 255)) for c in wall]
        cv2.line(picture, ends[0], ends[1], tone, int(rng.integers(2, 7)))
    for placed in objects:
        _draw_object(picture, placed)
    size = (PICTURE_SIZE, PICTURE_SIZE)
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    picture = picture + rng.normal(0.0, 5.0, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def draw_wall(
    size: int, colour: tuple[float, float, float], rng: np.random.Generator
) -> np.ndarray:
    """A wall under uneven light, float32 ``[size, size, 3]``."""
    along = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    right, down = rng.normal(0.0, 0.1, 2).astype(np.float32)
    light = 1.0 + right * along + down * along[:, None]
    wall = light[..., None] * np.asarray(colour, np.float32)
    return np.clip(wall, 0.0, 255.0)


def _contours(placed: Placed) -> list[list[np.ndarray]]:
    """Each part's contours, in pixels, where the object is placed."""
    angle = np.radians(placed.degrees)
    turn = np.array(
        [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    )
    return [
        [points @ turn * placed.radius + placed.centre for points in contours]
        for contours, _ in _PARTS[placed.name]
    ]


def object_box(placed: Placed) -> list[float]:
    """The smallest box about an object: ``[x1, y1, x2, y2]`` in pixels."""
    points = np.concatenate([p for part in _contours(placed) for p in part])
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])
    return np.clip(box, 0, PICTURE_SIZE).round(2).tolist()


def _draw_object(picture: np.ndarray, placed: Placed) -> None:
    """Draw on a picture of fine size."""
    for contours, (_, brightness) in zip(
        _contours(placed), _PARTS[placed.name], strict=True
    ):
        tone = np.clip(brightness * np.array(placed.colour), 0, 255)
        # In box coordinates the centre of the first pixel is at one half.
        grid = [
            ((points * _FINE - 0.5) * (1 << _SUBPIXEL_BITS)).round()
            for points in contours
        ]
        cv2.fillPoly(
            picture,
            [points.astype(np.int32) for points in grid],
            tone.tolist(),
            lineType=cv2.LINE_AA,
            shift=_SUBPIXEL_BITS,
        )
