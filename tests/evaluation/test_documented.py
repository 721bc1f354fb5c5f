"""Every metric is in docs/metrics.md and in a config that the tests run."""

import re

from tests.test_repo.sources import ROOT, experiments
from trimodal.registry import METRICS


def ours() -> set[str]:
    METRICS.import_from_location()
    return {
        name
        for name, item in METRICS.module_dict.items()
        if item.__module__.startswith('trimodal.')
    }


def test_every_metric_is_on_the_page():
    page = (ROOT / 'docs' / 'metrics.md').read_text('utf-8')
    named = set(re.findall(r'^\| `(\w+)` \|.*\|.*\|.*\|.*\|$', page, re.M))
    assert named == ours()


def test_every_metric_is_in_an_experiment():
    files = [*experiments(), *(ROOT / 'configs' / '_base_').rglob('*.py')]
    text = '\n'.join(path.read_text('utf-8') for path in files)
    missing = {name for name in ours() if f"type='{name}'" not in text}
    assert not missing
