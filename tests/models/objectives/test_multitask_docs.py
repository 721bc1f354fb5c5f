"""What docs/multitask.md shows does work."""

import re

import pytest
from mmengine.config import Config

from tests.test_repo.sources import ROOT
from trimodal.models.objectives.task_weighting import BaseTaskWeighting
from trimodal.registry import MODELS

PAGE = (ROOT / 'docs' / 'multitask.md').read_text('utf-8')
BLOCKS = re.findall(r'^```python\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize('block', BLOCKS, ids=range(len(BLOCKS)))
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
        if isinstance(part, type) and issubclass(part, BaseTaskWeighting):
            assert f'| [`{name}`](#' in PAGE
            assert f"type='{name}'" in PAGE
