"""What docs/multitask.md shows does work."""

import re
from typing import Any

import pytest
from mmengine.config import Config

from tests.test_repo.sources import ROOT
from trimodal.models.objectives.task_weighting import BaseTaskWeighting
from trimodal.registry import MODELS

PAGE = (ROOT / 'docs' / 'multitask.md').read_text('utf-8')
BLOCKS = re.findall(r'^```python\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
SETTINGS = [block for block in BLOCKS if block.startswith('model = ')]


@pytest.mark.parametrize('block', SETTINGS, ids=range(len(SETTINGS)))
def test_settings_build(block: str):
    model = Config.fromstring(block, '.py').model
    for head in model.get('heads', {}).values():
        MODELS.build(head)
    for part in model.get('objectives', {}).values():
        built = MODELS.build(part)
        assert built.tasks == ('cls', 'value')


def test_every_weighting_is_there():
    MODELS.import_from_location()
    for name, part in MODELS.module_dict.items():
        if (
            isinstance(part, type)
            and issubclass(part, BaseTaskWeighting)
            and part.__module__.startswith('trimodal.')
        ):
            assert f'| [`{name}`](#' in PAGE
            assert f"type='{name}'" in PAGE


def test_own_weighting():
    space: dict[str, Any] = {'__name__': 'docs'}
    for block in BLOCKS:
        if block not in SETTINGS:
            exec(block, space)
    assert 'InverseWeights' in MODELS
    assert len(SETTINGS) == 5
