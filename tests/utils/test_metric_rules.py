"""One place knows what of a figure is better; all that choose ask it."""

import numpy as np
import pytest
from mmengine.config import Config

from tests.test_repo.sources import ROOT
from trimodal.engine.hooks import CheckpointHook, EarlyStoppingHook
from trimodal.utils.metric_rules import (
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    lower_is_better,
    rule_of,
)
from trimodal.visualization.scalars import best_index


def test_by_the_name():
    for part in HIGHER_IS_BETTER:
        assert rule_of(f'a/{part.upper()}/b') == 'greater'
        assert not lower_is_better(part)
    for part in LOWER_IS_BETTER:
        assert rule_of(f'a/{part}') == 'less'
        assert lower_is_better(part)
    assert rule_of('val/loss_cls') == rule_of('pa-mpjpe') == 'less'
    for name in ('score', 'emotion/f1', 'answer/f1', 'gloss/f1', 'cancer/f1'):
        assert rule_of(name) is None
    assert not lower_is_better('score')


@pytest.mark.parametrize(
    ('name', 'rule'),
    [('roc-auc/macro', 'greater'), ('text/wer', 'less'), ('mIoU', 'greater')],
)
def test_hooks_and_curves_ask_it(name: str, rule: str):
    """What only mmengine knows, such as mIoU, it still does."""
    assert CheckpointHook(save_best=name).rules == [rule]
    assert EarlyStoppingHook(name).rule == rule
    values = np.array([0.3, 0.1, 0.9])
    assert best_index(name, values) == (2 if rule == 'greater' else 1)


def test_of_several_and_what_a_config_says_first():
    names = ['text/wer', 'accuracy/top1']
    assert CheckpointHook(save_best=names).rules == ['less', 'greater']
    assert CheckpointHook(save_best=names, rule='less').rules == ['less'] * 2
    own = CheckpointHook(save_best='text/wer', greater_keys=['wer'])
    assert own.rules == ['greater']
    auto = CheckpointHook(save_best='auto')
    auto._init_rule(auto.rules, ['regression/mae'])  # the first validation
    assert auto.rules == ['less']
    for hook in (CheckpointHook, EarlyStoppingHook):
        with pytest.raises(ValueError, match=r'Cannot infer|does not tell'):
            hook(**{'save_best' if hook is CheckpointHook else 'monitor': 'x'})


def test_the_config_does_not_repeat_it():
    path = ROOT / 'configs' / '_base_' / 'default_runtime.py'
    hook = Config.fromfile(path).default_hooks.checkpoint
    assert not {'greater_keys', 'less_keys', 'rule'} & set(hook)
