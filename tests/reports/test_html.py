"""Read with a parser, not with patterns."""

import base64
import io
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from tests.reports.pages import NASTY, new_report
from trimodal.reports.html import to_html

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
