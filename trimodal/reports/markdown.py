"""A report as Markdown, beside one picture of all its curves."""

from collections.abc import Sequence

import numpy as np

from trimodal.evaluation.reports import text_table
from trimodal.reports.parts import Code, Picture, Report, Table, Text, shown

COLUMNS = 3  # of pictures


def to_markdown(report: Report, picture: str) -> str:
    """Write a report down.

    Args:
        report (Report): The report.
        picture (str): File of :func:`grid`'s picture, as seen from the
            page.

    Returns:
        str: The page.
    """
    lines = [f'# {report.title}']
    for section in report.sections:
        lines.append(f'## {section.title}')
        panels = [p for p in section.parts if isinstance(p, Picture)]
        if panels:
            alt = ' '.join(panel.alt for panel in panels)
            lines.append(f'![{_escaped(alt)}]({picture})')
        for part in section.parts:
            if not isinstance(part, Picture):
                lines.append(_part(part))
    return '\n\n'.join(lines) + '\n'


def _part(part: Text | Table | Code) -> str:
    if isinstance(part, Text):
        return _escaped(part.text)
    if isinstance(part, Table):
        rows = [[_cell(shown(cell)) for cell in row] for row in part.rows]
        header = [_cell(name) for name in part.header]
        return f'{_escaped(part.caption)}:\n\n{text_table(header, rows)}'
    return (
        f'<details><summary>{part.caption}</summary>\n\n'
        f'````{part.language}\n{part.text.rstrip()}\n````\n\n</details>'
    )


def _escaped(text: str) -> str:
    for letter in '\\`*_[]<>':
        text = text.replace(letter, f'\\{letter}')
    return text


def _cell(text: str) -> str:
    return _escaped(' '.join(text.split())).replace('|', '\\|')


def grid(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures of one size side by side, three a row.

    Args:
        pictures (Sequence[np.ndarray]): RGB, uint8 ``[H, W, 3]``, at least
            one.

    Returns:
        np.ndarray: RGB, uint8; what is left of the last row is white.

    Examples:
        >>> import numpy as np
        >>> from trimodal.reports.markdown import grid
        >>> grid([np.zeros((2, 5, 3), np.uint8)] * 4).shape
        (4, 15, 3)
    """
    columns = min(COLUMNS, len(pictures))
    padded = list(pictures)
    while len(padded) % columns:
        padded.append(np.full_like(pictures[0], 255))
    rows = [
        np.concatenate(padded[i : i + columns], axis=1)
        for i in range(0, len(padded), columns)
    ]
    return np.concatenate(rows)
