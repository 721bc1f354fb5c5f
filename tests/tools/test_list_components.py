"""docs/components.md is what tools/analysis_tools/list_components.py makes."""

import runpy
from pathlib import Path

import pytest


@pytest.fixture(scope='module')
def tool() -> dict:
    root = Path(__file__).resolve().parents[2]
    script = root / 'tools' / 'analysis_tools' / 'list_components.py'
    return runpy.run_path(str(script))


def test_page_is_up_to_date(tool):
    assert tool['PAGE'].read_text('utf-8') == tool['page'](), (
        'run tools/analysis_tools/list_components.py'
    )


def test_every_part_is_used_by_a_config(tool):
    configs, found = tool['users'](), tool['sections']()
    titles = ['Encoders', 'Aligners', 'Fusions', 'Heads', 'Objectives']
    titles += ['Losses', 'Data preprocessors', 'Pooling', 'Metrics']
    titles += ['Vocabularies', 'Batch augmentations']
    unused = [
        name
        for title in titles
        for name in found[title]
        if name not in configs
    ]
    assert not unused


def test_types_in_looks_everywhere(tool):
    config = {'a': [{'type': 'A', 'b': {'type': 'B'}}], 'type': 'C', 'd': 1}
    assert tool['types_in'](config) == {'A', 'B', 'C'}


def test_paper_is_the_first_link(tool):
    class Part:
        """One line.

        From `A Long
        Title <https://a.b/1>`_ and `Other <https://a.b/2>`_.
        """

    assert tool['paper_of'](Part) == '[A Long Title](https://a.b/1)'
    assert tool['paper_of'](int) == ''
