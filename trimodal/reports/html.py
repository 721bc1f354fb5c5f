"""A report as one HTML file that needs nothing else."""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from PIL import Image

from trimodal.reports.parts import (
    Cell,
    Code,
    Part,
    Picture,
    Report,
    Table,
    Text,
    shown,
)
from trimodal.reports.style import STYLE

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<nav aria-label="Sections">
<ul>
{links}
</ul>
</nav>
{sections}
</main>
</body>
</html>
"""
# Where parts of a kind stand side by side, if there is room.
_BOXES = {Table: 'tables', Picture: 'grid'}


def to_html(report: Report) -> str:
    """Write a report down, its pictures inside.

    Args:
        report (Report): The report.

    Returns:
        str: The page.
    """
    names = [section.title for section in report.sections]
    links = [f'<li><a href="#{_id(n)}">{escape(n)}</a></li>' for n in names]
    sections = [
        f'<section aria-labelledby="{_id(section.title)}">\n'
        f'<h2 id="{_id(section.title)}">{escape(section.title)}</h2>\n'
        f'{_parts(section.parts)}\n</section>'
        for section in report.sections
    ]
    return _PAGE.format(
        title=escape(report.title),
        style=STYLE,
        links='\n'.join(links),
        sections='\n'.join(sections),
    )


def _id(title: str) -> str:
    return '-'.join(title.lower().split())


def _parts(parts: Sequence[Part]) -> str:
    """All parts; tables, and pictures, that follow each other share a box."""
    lines = []
    for box, group in groupby(parts, lambda part: _BOXES.get(type(part))):
        inside = [_part(part) for part in group]
        if box is not None:
            inside = [f'<div class="{box}">', *inside, '</div>']
        lines += inside
    return '\n'.join(lines)


def _table(part: Table) -> str:
    head = ''.join(
        f'<th scope="col"{_kind(row[i] for row in part.rows) if i else ""}>'
        f'{escape(name)}</th>'
        for i, name in enumerate(part.header)
    )
    rows = '\n'.join(_row(row) for row in part.rows)
    # A wide table scrolls by itself, also with the keyboard.
    label = escape(part.caption, quote=True)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{label}">'
        f'\n<table>\n<caption>{escape(part.caption)}</caption>\n'
        f'<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n'
        '</table>\n</div>'
    )


def _row(row: Sequence[Cell]) -> str:
    first, *rest = row
    cells = ''.join(_cell(cell) for cell in rest)
    return f'<tr><th scope="row">{escape(shown(first))}</th>{cells}</tr>'


def _cell(cell: Cell) -> str:
    return f'<td{_kind([cell])}>{escape(shown(cell))}</td>'


def _kind(cells: Iterable[Cell]) -> str:
    """Numbers stand right, and so does what their column is called."""
    return '' if any(isinstance(c, str) for c in cells) else ' class="number"'


def _code(part: Code) -> str:
    return (
        f'<details><summary>{escape(part.caption)}</summary>\n'
        f'<pre tabindex="0"><code>{escape(part.text)}</code></pre></details>'
    )


def _picture(part: Picture) -> str:
    height, width = part.pixels.shape[:2]
    buffer = io.BytesIO()
    # Few colours, so a palette makes it a third of the size.
    Image.fromarray(part.pixels).quantize(128).save(
        buffer, 'PNG', optimize=True
    )
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure><img src="data:image/png;base64,{data}" '
        f'width="{width}" height="{height}" '
        f'alt="{escape(part.alt, quote=True)}"></figure>'
    )


def _part(part: Part) -> str:
    if isinstance(part, Text):
        return f'<p>{escape(part.text)}</p>'
    if isinstance(part, Table):
        return _table(part)
    return _code(part) if isinstance(part, Code) else _picture(part)
