"""Read with a parser, not with patterns."""

import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.reports.pages import NASTY, new_report
from trimodal.reports.html import to_html
from trimodal.reports.parts import Picture, Report, Section, Table, Text

BROWSER = shutil.which('chromium') or shutil.which('google-chrome')
# Frames of several widths; how much wider than each its page is.
FRAMES = """<body><script>
async function measure() {
  for (const width of [320, 500, 1280]) {
    const frame = document.createElement('iframe');
    Object.assign(frame, {src: 'report.html', width, height: 800});
    document.body.append(frame);
    await new Promise(done => frame.onload = done);
    const page = frame.contentDocument;
    const over = page.body.scrollWidth - page.documentElement.clientWidth;
    const tops = [...page.querySelectorAll('table')].map(
      table => Math.round(table.getBoundingClientRect().top));
    document.title += `${width}:${over}:${tops[0] === tops[1]} `;
  }
}
measure();
</script></body>"""

VOID = {'meta', 'img'}


class Page(HTMLParser):
    """Elements with their attributes; texts; whether all is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def test_what_is_in_it():
    page = Page(to_html(new_report()))
    assert page.text_of('h1') == page.text_of('title') == [NASTY]
    assert page.text_of('h2') == ['Metrics by epoch', 'Curves', 'Config']
    assert page.text_of('caption') == page.text_of('p') == [NASTY]
    assert page.text_of('td') == ['0.5000', 'x', '–', NASTY]
    assert page.text_of('code') == [f"a = '''{NASTY}'''"]


def test_it_needs_nothing_else():
    text = to_html(new_report())
    page = Page(text)
    sources = [img['src'] for img in page.all('img')]
    assert len(sources) == 2
    assert all(s.startswith('data:image/png;base64,') for s in sources)
    assert not page.all('link') + page.all('script')
    assert 'http' not in text
    assert 'url(' not in text


def test_the_pictures_are_those_of_the_report():
    report = new_report()
    for attrs, picture in zip(
        Page(to_html(report)).all('img'), report.pictures(), strict=True
    ):
        data = base64.b64decode(attrs['src'].partition(',')[2])
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert('RGB'))
        np.testing.assert_array_equal(pixels, picture.pixels)
        assert (int(attrs['height']), int(attrs['width'])) == (4, 6)
        assert attrs['alt'] == picture.alt


def test_accessible():
    page = Page(to_html(new_report()))
    assert page.all('html') == [{'lang': 'en'}]
    names = {attrs.get('name') for attrs in page.all('meta')}
    assert {'viewport', 'color-scheme'} <= names
    assert all(attrs['alt'] for attrs in page.all('img'))
    scopes = [attrs['scope'] for attrs in page.all('th')]
    assert scopes == ['col'] * 3 + ['row'] * 2
    # Links lead to headings, and sections are named by theirs.
    ids = {attrs['id'] for attrs in page.all('h2')}
    assert {attrs['href'][1:] for attrs in page.all('a')} == ids
    assert {s['aria-labelledby'] for s in page.all('section')} == ids
    # What scrolls can be reached with the keyboard.
    wide = [d for d in page.all('div') if d['class'] == 'wide']
    assert all(d['tabindex'] == '0' and d['aria-label'] for d in wide)


def with_tables() -> Report:
    """Two tables, one of them wide and one of a long caption."""
    wide = Table('wide', [f'metric {i}' for i in range(30)], [[0.5] * 30])
    small = Table(f'Test of {"best_" * 9}1.pth', ['n', 'v'], [['a', 0.5]])
    pixels = np.zeros((4, 6, 3), np.uint8)
    parts = [small, small, Picture('p', 'p', pixels), Text('t'), wide]
    return Report('r', [Section('Results', parts)])


def test_parts_of_a_kind_share_a_box():
    page = Page(to_html(with_tables()))
    boxes = [d['class'] for d in page.all('div')]
    assert boxes == ['tables', 'wide', 'wide', 'grid', 'tables', 'wide']


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason='there is no chromium')
def test_no_page_is_wider_than_its_screen(tmp_path: Path):
    """Tables stand side by side where there is room."""
    (tmp_path / 'report.html').write_text(to_html(with_tables()))
    (tmp_path / 'frames.html').write_text(FRAMES)
    flags = (
        *('--headless=new', '--no-sandbox', '--disable-gpu', '--dump-dom'),
        *('--allow-file-access-from-files', '--virtual-time-budget=5000'),
        f'--user-data-dir={tmp_path / "profile"}',
    )
    page = (tmp_path / 'frames.html').as_uri()
    done = subprocess.run(
        [BROWSER, *flags, page],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = re.findall(r'(\d+):(-?\d+):(true|false)', done.stdout)
    assert [width for width, *_ in found] == ['320', '500', '1280']
    assert all(int(over) <= 0 for _, over, _ in found)
    assert [beside for *_, beside in found] == ['false', 'false', 'true']
