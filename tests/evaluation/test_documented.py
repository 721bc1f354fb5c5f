"""Every metric is in docs/metrics.md and in a config that the tests run.

And of every figure the hooks know whether more of it is better.
"""

import re

import pytest

from tests.test_repo.sources import ROOT, experiments
from trimodal.engine.hooks import CheckpointHook
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


RULES = {
    'greater': (
        'accuracy/top1',
        'single-label/f1-score',
        'roc-auc/macro',
        *(f'multi-label/{k}' for k in ('map', 'f1_macro', 'exact_match')),
        *(f'coco/{k}' for k in ('AP', 'AP50', 'AR@100', 'AP[RBC]')),
        *(f'regression/{k}' for k in ('r2', 'pearson', 'spearman', 'ccc')),
        'landmarks/pck@0.1',
        'text/bleu',
        'text/chrf',
    ),
    'less': (
        'calibration/ece',
        'multi-label/hamming',
        *(f'regression/{k}' for k in ('mse', 'rmse', 'mae', 'mae/x')),
        'landmarks/mpjpe',
        'text/wer',
        'text/cer',
        'motion/error',
        'label-flips/needless',
    ),
}


@pytest.mark.parametrize('rule', RULES)
def test_the_best_checkpoint_of_any_figure(rule):
    for name in RULES[rule]:
        hook = CheckpointHook(save_best=name)
        assert (name, hook.rules) == (name, [rule])
