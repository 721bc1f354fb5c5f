"""The READMEs name what exists, and stay in step with each other."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.test_repo.sources import ROOT, relative

ENGLISH, CHINESE = ROOT / 'README.md', ROOT / 'README_zh-CN.md'
PAGES = sorted(
    [
        ENGLISH,
        CHINESE,
        ROOT / 'CONTRIBUTING.md',
        *(ROOT / 'configs').rglob('*.md'),
        *(ROOT / 'docs').rglob('*.md'),
    ]
)
FOLDERS = r'(?:trimodal|configs|tools|tests|benchmarks|docs|requirements|\.ci)'
PATH = re.compile(rf'(?<![\w/.-])({FOLDERS}/[\w./-]+\.[a-z0-9]+)\b')
MODULE = re.compile(r'python3? -m (trimodal[\w.]*)')
BLOCK = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'\]\((?!https?:|mailto:|#)([^)#\s]+)')


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of each code block."""
    return BLOCK.findall(page.read_text('utf-8'))


def without_comments(code: str) -> str:
    return re.sub(r'[ \t]*(?<!\S)#.*$', '', code, flags=re.MULTILINE)


def headings(page: Path) -> list[int]:
    """The levels of the page's headings, in order."""
    text = BLOCK.sub('', page.read_text('utf-8'))
    return [len(m) for m in re.findall(r'^(#+) ', text, re.MULTILINE)]


def test_without_comments():
    assert without_comments('a  # b\n# c\nd#e') == 'a\n\nd#e'


@pytest.mark.parametrize('page', PAGES, ids=relative)
def test_commands_name_existing_files(page: Path):
    code = '\n'.join(text for _, text in blocks(page))
    missing = [p for p in PATH.findall(code) if not (ROOT / p).exists()]
    assert not missing
    unknown = [m for m in MODULE.findall(code) if find_spec(m) is None]
    assert not unknown


@pytest.mark.parametrize('page', PAGES, ids=relative)
def test_links_lead_to_existing_files(page: Path):
    links = LINK.findall(page.read_text('utf-8'))
    assert not [k for k in links if not (page.parent / k).exists()]


@pytest.mark.parametrize('page', PAGES, ids=relative)
def test_python_blocks_parse(page: Path):
    for language, code in blocks(page):
        if language == 'python':
            ast.parse(code)


def test_readmes_have_the_same_code():
    """Comments aside, which are in the page's own language."""
    english, chinese = blocks(ENGLISH), blocks(CHINESE)
    assert len(english) == len(chinese)
    for (language, code), (other, translated) in zip(
        english, chinese, strict=True
    ):
        assert language == other
        assert without_comments(code) == without_comments(translated)


def test_readmes_have_the_same_headings():
    assert headings(ENGLISH) == headings(CHINESE)


def test_readme_gives_both_commands():
    text = ENGLISH.read_text('utf-8')
    assert 'bash tools/quickstart.sh' in text
    assert 'bash tools/run_tests.sh' in text
