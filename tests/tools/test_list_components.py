"""docs/components.md is what tools/analysis_tools/list_components.py makes."""

import re
import runpy
from pathlib import Path

import pytest
from mmengine.registry import Registry

import trimodal.registry
from trimodal.registry import LOG_PROCESSORS


@pytest.fixture(scope='module')
def tool() -> dict:
    root = Path(__file__).resolve().parents[2]
    script = root / 'tools' / 'analysis_tools' / 'list_components.py'
    return runpy.run_path(str(script))


def test_page_is_up_to_date(tool):
    assert tool['PAGE'].read_text('utf-8') == tool['page'](), (
        'run tools/analysis_tools/list_components.py'
    )


def test_every_part_of_every_registry_is_on_the_page(tool):
    """Also of those that nobody has thought of."""
    page = tool['PAGE'].read_text('utf-8')
    listed = set(re.findall(r'^\| `(\w+)` \|', page, re.MULTILINE))
    for registry in vars(trimodal.registry).values():
        if isinstance(registry, Registry):
            ours = tool['registered'](registry)
            assert ours.keys() <= listed, registry.name
    constructor = 'LearningRateDecayOptimWrapperConstructor'
    (line,) = re.findall(rf'^\| `{constructor}`.*$', page, re.MULTILINE)
    assert '(../trimodal/engine/optim/layer_decay.py)' in line
    assert '(../configs/' in line  # which names it as a constructor
    assert '## Visualization backends' in page
    # A config names it with its scope.
    assert 'shared_collate' in tool['users']()


def test_a_registry_without_a_title_comes_last(tool, monkeypatch):
    @LOG_PROCESSORS.register_module(name='OurProcessor')
    class OurProcessor:
        """Ours."""

    monkeypatch.setattr(OurProcessor, '__module__', 'trimodal.engine')
    try:
        last = list(tool['sections']().items())[-1]
    finally:
        LOG_PROCESSORS.module_dict.pop('OurProcessor')
    assert last == ('Log processors', {'OurProcessor': OurProcessor})


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
    config['e'] = {'constructor': 'D', 'type': None}
    assert tool['types_in'](config) == {'A', 'B', 'C', 'D'}


def test_paper_is_the_first_link(tool):
    class Part:
        """One line.

        From `A Long
        Title <https://a.b/1>`_ and `Other <https://a.b/2>`_.
        """

    assert tool['paper_of'](Part) == '[A Long Title](https://a.b/1)'
    assert tool['paper_of'](int) == ''
