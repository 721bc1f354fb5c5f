"""What docs/imbalance.md shows does work."""

import re
from typing import Any

import pytest
from mmengine.config import Config

from tests.test_repo.sources import ROOT
from trimodal.registry import HOOKS, MODELS

PAGE = (ROOT / 'docs' / 'imbalance.md').read_text('utf-8')
BLOCKS = re.findall(r'^```python\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
SETTINGS = [block for block in BLOCKS if block.startswith('model = ')]


@pytest.mark.parametrize('block', SETTINGS, ids=lambda b: b.split("'")[1])
def test_settings_build(block: str):
    config = Config.fromstring(block, '.py')
    for part in (config.model.get('objectives') or {}).values():
        MODELS.build(part)
    for hook in config.get('custom_hooks', []):
        HOOKS.build(hook)


def test_own_objective():
    space: dict[str, Any] = {}
    for block in BLOCKS:
        if block not in SETTINGS:
            exec(block, space)
    assert 'SmallStreams' in MODELS
    assert len(SETTINGS) == 5
