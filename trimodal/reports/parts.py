"""What a report is made of, whatever it is written as."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Cell = str | int | float


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Args:
        text (str): Plain text.
    """

    text: str


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Args:
        caption (str): What it shows.
        header (Sequence[str]): Names of the columns.
        rows (Sequence[Sequence[Cell]]): The cells, as many as ``header``.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Code:
    """A long text that is folded until asked for.

    Args:
        caption (str): What it is.
        text (str): As it stands.
        language (str): For highlighting. Defaults to 'python'.
    """

    caption: str
    text: str
    language: str = 'python'


@dataclass(frozen=True)
class Picture:
    """A drawn panel.

    Args:
        title (str): What it shows.
        alt (str): The same, for somebody who can't see it.
        pixels (np.ndarray): RGB, uint8 ``[H, W, 3]``.
    """

    title: str
    alt: str
    pixels: np.ndarray


Part = Text | Table | Code | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it.

    Args:
        title (str): The heading.
        parts (Sequence[Part]): Of the classes above.
    """

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Report:
    """All of it.

    Args:
        title (str): The name of the run.
        sections (Sequence[Section]): In reading order.
    """

    title: str
    sections: Sequence[Section]

    def pictures(self) -> list[Picture]:
        """Every picture, in reading order."""
        return [
            part
            for section in self.sections
            for part in section.parts
            if isinstance(part, Picture)
        ]


def shown(cell: Cell) -> str:
    """A cell as text: four significant digits, a dash for no number.

    Examples:
        >>> from trimodal.reports.parts import shown
        >>> [shown(x) for x in (0.5, 23.456, 51234.5, 1e-05, 7, 0.0)]
        ['0.5000', '23.46', '51234.5', '1e-05', '7', '0']
        >>> shown(float('nan'))
        '–'
    """
    if not isinstance(cell, float):
        return str(cell)
    if not np.isfinite(cell):
        return '–'
    if abs(cell) >= 1000:
        return f'{cell:.1f}'
    return f'{cell:#.4g}' if abs(cell) >= 1e-3 else f'{cell:.4g}'
