"""The colours can be told from what they stand on."""

import re

import pytest

from trimodal.reports.style import STYLE


def luminance(color: str) -> float:
    """WCAG 2's relative luminance."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in parts
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def themes() -> list[dict[str, str]]:
    blocks = re.findall(r':root \{(.*?)\}', STYLE, re.S)
    return [dict(re.findall(r'--(\w+): (#\w{6})', text)) for text in blocks]


@pytest.mark.parametrize('theme', themes(), ids=['light', 'dark'])
def test_contrast(theme: dict[str, str]):
    for name in ('ink', 'muted', 'link'):
        pair = sorted((luminance(theme[name]), luminance(theme['back'])))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, name


def test_white_of_pictures_becomes_the_dark_back():
    share = float(re.findall(r'invert\((.*?)\)', STYLE)[0])
    white = round(255 * (1 - share))
    assert themes()[1]['back'] == f'#{white:02x}{white:02x}{white:02x}'
