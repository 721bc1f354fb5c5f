"""Early stopping by what it does to a run, and what a resume does to it."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from mmengine.hooks import Hook
from mmengine.logging import MessageHub, MMLogger

from tests.engine.toy import Killed, write_config
from trimodal.engine.hooks import EarlyStoppingHook
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS
from trimodal.utils.config import RunError
from trimodal.visualization import load_scalars

CURVE = [0.5, 0.6, 0.6, 0.55, 0.7, 0.65, 0.7, 0.7, 0.9, 0.9]


@HOOKS.register_module()
class ScriptedScoreHook(Hook):
    """What the validation after epoch 1, 2, ... has for a score."""

    priority = 'HIGHEST'

    def __init__(self, scores: list[float]) -> None:
        self.scores = scores

    def after_val_epoch(self, runner: Any, metrics: dict[str, float]) -> None:
        metrics['score'] = self.scores[runner.epoch - 1]


RUN = """
custom_imports['imports'].append(
    'tests.engine.hooks.test_early_stopping_hook')
train_dataloader['dataset'] = dict(type='ToyDataset', size=4)
train_cfg['max_epochs'] = 10
default_hooks['checkpoint'] = dict(save_best=None)
custom_hooks = [
    dict(type='EarlyStoppingHook', monitor='score', {arguments}),
    dict(type='ScriptedScoreHook', scores={scores})]
"""


def epochs_of(
    folder: Path,
    arguments: str,
    scores: list[float] | str = CURVE,
    extra: str = '',
    resume: str | None = None,
) -> int:
    """How many epochs a run makes."""
    text = RUN.format(arguments=arguments, scores=scores) + extra
    config = write_config(folder, 'run', text)
    options = TrainOptions(
        work_dir=str(folder / 'run'), test=False, resume=resume
    )
    train(config, options)
    return int(load_scalars(folder / 'run').val['score'][0][-1])


def by_hand(
    scores: list[float], patience: int, min_delta: float, sign: int
) -> int:
    """Lightning's rule: waits since the last that beat the best by more."""
    best, waits = -math.inf, 0
    for epoch, score in enumerate(scores, 1):
        if sign * score - min_delta > best:
            best, waits = sign * score, 0
        else:
            waits += 1
        if waits >= patience:
            return epoch
    return len(scores)


@pytest.mark.parametrize(
    ('rule', 'patience', 'min_delta'),
    [
        ("rule='greater'", 2, 0.0),
        ("mode='max'", 3, 0.15),
        ("mode='min'", 4, 0.0),
    ],
)
def test_the_run_ends_where_it_should(
    tmp_path: Path, rule: str, patience: int, min_delta: float
):
    arguments = f'{rule}, patience={patience}, min_delta={min_delta}'
    sign = 1 if rule in ("rule='greater'", "mode='max'") else -1
    expected = by_hand(CURVE, patience, min_delta, sign)
    assert epochs_of(tmp_path, arguments) == expected
    assert 1 < expected < 10
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    assert f'did not improve in the last {patience} validations' in log


def test_a_killed_run_ends_where_it_would_have(tmp_path: Path):
    """0.5 0.6 | 0.6 0.55: the wait before the kill counts after it."""
    arguments = "rule='greater', patience=2"
    kill = "custom_hooks.append(dict(type='KillHook', epoch=3, {}))\n"
    for stage in ('before_train_epoch', 'after_val_epoch'):
        folder = tmp_path / stage
        folder.mkdir()
        stop = kill.format(f"stage='{stage}'")
        with pytest.raises(Killed):
            epochs_of(folder, arguments, extra=stop)
        assert epochs_of(folder, arguments, resume='auto') == 4
    # Once stopped it stays so, unless it gets more patience.
    assert epochs_of(folder, arguments, resume='auto') == 4
    arguments = "rule='greater', patience=3"
    assert epochs_of(folder, arguments, resume='auto') == 8


NAN = '[0.5, float("nan"), 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]'


@pytest.mark.parametrize('value', ['nan', 'inf', '-inf'])
def test_a_score_that_is_not_finite_ends_the_run(tmp_path: Path, value: str):
    scores = NAN.replace('nan', value)
    arguments = "rule='greater', patience=9"
    assert epochs_of(tmp_path, arguments, scores) == 2
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    assert f'the monitored metric score is {value}' in log
    assert epochs_of(tmp_path, arguments, scores, resume='auto') == 2


def test_or_it_is_a_wait(tmp_path: Path):
    """0.6 of epoch 3 is the best; epochs 4 and 5 are waits."""
    arguments = "rule='greater', patience=2, check_finite=False"
    assert epochs_of(tmp_path, arguments, NAN) == 5
    assert epochs_of(tmp_path, arguments, NAN, resume='auto') == 5


def test_a_threshold_ends_the_run(tmp_path: Path):
    arguments = "rule='greater', patience=9, stopping_threshold=0.65"
    assert epochs_of(tmp_path, arguments) == 5
    assert epochs_of(tmp_path, arguments, resume='auto') == 5
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    assert 'stopping threshold reached: score is 0.7, greater than' in log


def test_a_metric_that_is_not_there(tmp_path: Path):
    arguments = "rule='greater'"
    wrong = "custom_hooks[0]['monitor'] = 'scor'\n"
    with pytest.raises(RunError, match=r"no 'scor'; monitor must .* score"):
        epochs_of(tmp_path, arguments, extra=wrong)
    lenient = wrong + "custom_hooks[0]['strict'] = False\n"
    with pytest.warns(UserWarning, match='Skip early stopping'):
        assert epochs_of(tmp_path, arguments, extra=lenient) == 10


def test_what_is_refused():
    for arguments, message in (
        ({'rule': 'more'}, 'rule'),
        ({'rule': 'less', 'min_delta': -1}, 'min_delta must be .* got -1'),
        ({'rule': 'less', 'patience': 0}, 'patience must be .* 0'),
        ({}, "'score' does not tell whether more is better; set mode"),
        ({'mode': 'most'}, "mode='most', rule=None: mode must be one of"),
        ({'mode': 'max', 'rule': 'less'}, 'and rule left out'),
    ):
        with pytest.raises(ValueError, match=message):
            EarlyStoppingHook('score', **arguments)


def test_configs_get_ours():
    hook = HOOKS.build({'type': 'EarlyStoppingHook', 'monitor': 'acc'})
    assert type(hook) is EarlyStoppingHook


def test_checkpoints_of_before_have_no_last_score():
    hub = MessageHub('old')
    hub.update_info('early_stopping', {'wait_count': 3, 'best_score': 1.0})
    for patience, stopped in ((3, True), (4, False)):
        loop = SimpleNamespace(stop_training=False)
        logger = MMLogger.get_instance('early')
        runner = SimpleNamespace(
            train_loop=loop, message_hub=hub, logger=logger
        )
        EarlyStoppingHook('acc', patience=patience).before_train(runner)
        assert runner.train_loop.stop_training is stopped
    assert np.isfinite(hub.get_info('early_stopping')['best_score'])


def test_testing_does_not_build_the_train_loop():
    EarlyStoppingHook('acc').before_run(SimpleNamespace())
