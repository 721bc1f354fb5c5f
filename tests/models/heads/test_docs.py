"""What docs/classification.md shows does work."""

import re

import pytest
from mmengine.config import Config

from tests.test_repo.sources import ROOT
from trimodal.models import BaseMix, ClassifierHead, SampleLoss
from trimodal.registry import MODELS

PAGE = (ROOT / 'docs' / 'classification.md').read_text('utf-8')
BLOCKS = re.findall(r'^```python\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize('block', BLOCKS, ids=range(len(BLOCKS)))
def test_settings_build(block: str):
    model = Config.fromstring(block, '.py').model
    for part in model.get('heads', {}).values():
        MODELS.build(part)
    if 'data_preprocessor' in model:
        assert len(MODELS.build(model.data_preprocessor).batch_augments) == 2


def test_every_part_is_there():
    MODELS.import_from_location()
    kinds = (BaseMix, ClassifierHead, SampleLoss)
    for name, part in MODELS.module_dict.items():
        if (
            isinstance(part, type)
            and issubclass(part, kinds)
            and part.__module__.startswith('trimodal.')
        ):
            assert f'`{name}`' in PAGE
