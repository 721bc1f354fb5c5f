"""Read as a Markdown reader does."""

import re

import numpy as np

from tests.reports.pages import NASTY, new_report
from trimodal.reports.markdown import grid, to_markdown


def unescaped(text: str) -> str:
    return re.sub(r'\\(.)', r'\1', text)


def test_page():
    page = to_markdown(new_report(), 'report.png')
    assert page.startswith(f'# {page.splitlines()[0][2:]}\n\n## Metrics')
    assert unescaped(page.splitlines()[0]) == f'# {NASTY}'
    # Cells are parted by what is not escaped.
    lines = [line for line in page.splitlines() if line.startswith('|')]
    cells = [re.split(r'(?<!\\)\|', line)[1:-1] for line in lines]
    assert {len(row) for row in cells} == {3}
    assert unescaped(cells[2][0].strip()) == NASTY
    assert [c.strip() for c in cells[3][:2]] == ['second', '–']
    assert re.search(r'^!\[.*\]\(report\.png\)$', page, re.M)
    assert f"````python\na = '''{NASTY}'''\n````" in page
    assert page.count('<details>') == page.count('</details>') == 1


def test_grid():
    black = np.zeros((2, 3, 3), np.uint8)
    both = grid([black] * 5)
    assert both.shape == (4, 9, 3)
    assert (both[2:, 6:] == 255).all()
    assert (both[:2] == 0).all()
    assert grid([black]).shape == (2, 3, 3)
