"""Schedules in trainings by iterations, and those that lead nowhere."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.evaluator import Evaluator
from torch.optim import lr_scheduler as theirs

from tests.engine.optim.test_schedules import (
    Build,
    after_warmup,
    assert_rates,
    cosine,
    one_cycle,
    poly,
)
from tests.engine.toy import ToyAccuracy, write_config
from trimodal.engine.runner import TrainOptions, train
from trimodal.engine.runner.schedule_checks import (
    _prefixes,
    prepare_schedules,
)
from trimodal.utils.config import ConfigError

CONVERTED = 'by_epoch=True, convert_to_iter_based=True'
# Iterations, schedules by epoch (of 6 batches), and what torch has for them.
RUNS: dict[str, tuple[int, str, Build]] = {
    'cosine': (
        24,
        f"dict(type='CosineAnnealingLR', T_max=4, {CONVERTED})",
        cosine(24),
    ),
    'cosine to the end': (
        20,
        f"dict(type='CosineAnnealingLR', eta_min=0.01, {CONVERTED})",
        cosine(20, 0.01),
    ),
    'warm-up, cosine': (
        20,
        f"""[
    dict(type='LinearLR', start_factor=0.1, end=1, {CONVERTED}),
    dict(type='CosineAnnealingLR', begin=1, {CONVERTED})]""",
        after_warmup(cosine(14), 6),
    ),
    'linear to the end': (
        24,
        f"dict(type='LinearLR', start_factor=0.1, {CONVERTED})",
        lambda o: theirs.LinearLR(o, 0.1, 1.0, 23),
    ),
    'warm-up, polynomial': (
        20,
        f"""[
    dict(type='LinearLR', start_factor=0.1, end=1, {CONVERTED}),
    dict(type='PolyLR', power=0.9, begin=1, {CONVERTED})]""",
        after_warmup(poly(14, 0.9), 6),
    ),
    'one cycle of epochs': (
        24,
        f"dict(type='OneCycleLR', eta_max=0.4, total_steps=4, {CONVERTED})",
        one_cycle(24),
    ),
    'one cycle to the end': (
        20,
        f"dict(type='OneCycleLR', eta_max=0.4, {CONVERTED})",
        one_cycle(20),
    ),
    'steps': (
        20,
        f"dict(type='StepLR', step_size=1, gamma=0.5, {CONVERTED})",
        lambda o: theirs.StepLR(o, 6, 0.5),
    ),
}


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('name', RUNS)
def test_epochs_in_a_training_by_iterations(name: str, tmp_path: Path):
    """Killed after 12 iterations and resumed."""
    iterations, schedulers, build = RUNS[name]
    extra = (
        f'param_scheduler = {schedulers}\n'
        f'train_cfg = dict(max_iters={iterations}, val_interval=99)\n'
        "default_hooks['checkpoint'] = dict(by_epoch=False, interval=6)\n"
    )
    kill = "stage='after_train_iter', epoch=0, iteration=11"
    assert_rates(tmp_path, extra, kill, build)
    log = (tmp_path / 'rates.txt').read_text()
    assert len(log.splitlines()) == iterations


@pytest.mark.filterwarnings('ignore')
def test_flexible_runner(tmp_path: Path):
    extra = (
        f'param_scheduler = {RUNS["cosine to the end"][1]}\n'
        'train_cfg = dict(max_iters=20, val_interval=99)\n'
        "default_hooks['checkpoint'] = dict(by_epoch=False, interval=6)\n"
        "runner_type = 'FlexibleRunner'\n"
    )
    kill = "stage='after_train_iter', epoch=0, iteration=11"
    assert_rates(tmp_path, extra, kill, cosine(20, 0.01))


def schedule(**options: Any) -> str:
    return f'param_scheduler = [{options!r}]\n'


def started(folder: Path, extra: str, **options: Any) -> str:
    """Train, and give the log."""
    config = write_config(folder, 'config', extra)
    options = {'work_dir': str(folder / 'w'), 'test': False, **options}
    train(config, TrainOptions(**options))
    return next((folder / 'w').rglob('*.log')).read_text()


ITERATIONS = 'train_cfg = dict(max_iters=24)\n'
NO_VALIDATION = (
    'val_cfg = val_dataloader = val_evaluator = None\n'
    "default_hooks['checkpoint'] = dict(save_best=None)\n"
)
CYCLE = {'type': 'OneCycleLR', 'eta_max': 0.1, 'total_steps': 10}
PLATEAU = {'type': 'ReduceOnPlateauLR'}
WRONG: list[tuple[str, str, str]] = [
    (
        schedule(**CYCLE, by_epoch=False),
        'OneCycleLR',
        'total_steps=10 and it runs for 24 iterations; leave total_steps '
        'out, or set end=10: then the rate stays what it is',
    ),
    (
        schedule(**CYCLE, by_epoch=False, begin=4, end=20),
        'OneCycleLR',
        'total_steps=10 and it runs for 16 iterations; leave total_steps '
        'out, or set end=14: then the rate stays what it is',
    ),
    (
        schedule(**{**CYCLE, 'total_steps': 3}, convert_to_iter_based=True)
        + ITERATIONS,
        'OneCycleLR',
        'total_steps=3 and it runs for 4 epochs; leave total_steps out, or '
        'set end=3: then the rate stays what it is',
    ),
    (
        schedule(type='CosineAnnealingLR', T_max=0),
        'CosineAnnealingLR',
        'T_max=0: must be more than 0, it is how long the cosine falls; set '
        'such a value or leave it out',
    ),
    (
        schedule(type='LinearLR', start_factor=0.0, end=2),
        'LinearLR',
        'start_factor=0.0: must be more than 0, what begins with 0 cannot be '
        'multiplied up; set such a value or leave it out',
    ),
    (
        schedule(type='ConstantLR', factor=0.0, end=2),
        'ConstantLR',
        'factor=0.0: must be more than 0, what has become 0 cannot be '
        'multiplied back; set such a value or leave it out',
    ),
    (
        schedule(**PLATEAU, monitor='accuracy/top1') + NO_VALIDATION,
        'ReduceOnPlateauLR',
        'it waits for the metrics of a validation, and there is none; set '
        'val_cfg, val_dataloader and val_evaluator, or take another schedule',
    ),
    (
        schedule(**PLATEAU, monitor='acuracy/top1'),
        'ReduceOnPlateauLR',
        "monitor='acuracy/top1' is no metric of the validation: their names "
        'begin with accuracy/',
    ),
    (
        schedule(**PLATEAU),  # mmengine's own default
        'ReduceOnPlateauLR',
        "monitor='loss' is no metric of the validation: their names begin "
        'with accuracy/',
    ),
]


@pytest.mark.parametrize(('extra', 'kind', 'message'), WRONG)
@pytest.mark.parametrize('flexible', [False, True])
def test_before_the_training_begins(
    extra: str, kind: str, message: str, flexible: bool, tmp_path: Path
):
    extra += "runner_type = 'FlexibleRunner'\n" if flexible else ''
    with pytest.raises(ConfigError) as error:
        started(tmp_path, extra)
    assert str(error.value) == f'param_scheduler[0] ({kind}): {message}'
    assert not list(tmp_path.rglob('*.pth'))
    log = next(tmp_path.rglob('*.log')).read_text()
    assert 'Epoch(train)' not in log
    assert 'Iter(train)' not in log


def test_a_loop_that_measures_in_its_own_way():
    runner: Any = SimpleNamespace(param_schedulers=[PLATEAU], val_loop='own')
    prepare_schedules(runner)


def test_several_optimizers_have_schedules_of_their_own():
    loop = SimpleNamespace(max_epochs=4, max_iters=24)
    ends = {'type': 'PolyLR'}
    runner = SimpleNamespace(
        train_loop=loop, param_schedulers={'a': [ends], 'b': [dict(CYCLE)]}
    )
    prepare_schedules(runner)
    assert ends['end'] == 4
    runner.param_schedulers['b'][0]['total_steps'] = 2
    with pytest.raises(ConfigError, match=r'^param_scheduler\.b\[0\] \(One'):
        prepare_schedules(runner)


@pytest.mark.parametrize('end', [{}, {'end': 20}])
def test_what_begins_after_the_end_is_told_of(end: dict, tmp_path: Path):
    """It may be a trial of two epochs: it is no error."""
    extra = schedule(type='CosineAnnealingLR', begin=9, **end)
    log = started(tmp_path, extra)
    told = re.findall(r'WARNING - (param_scheduler.*)', log)
    assert told == [
        'param_scheduler[0] (CosineAnnealingLR): begin=9 is past the end of '
        'the training, 4 epochs: it will do nothing; set begin to less, '
        'train longer, or leave it out'
    ]
    saved = torch.load(tmp_path / 'w' / 'epoch_4.pth')
    assert saved['optimizer']['param_groups'][0]['lr'] == 0.05


def test_a_trial_run_says_nothing(tmp_path: Path):
    extra = schedule(type='CosineAnnealingLR', begin=3)
    log = started(tmp_path, extra, fast_dev_run=True)
    assert 'past the end' not in log
    assert 'Epoch(train) [1][1/1]' in log


class OwnMetric(ToyAccuracy):
    """Names its results by itself."""

    def evaluate(self, size: int) -> dict[str, float]:
        return {'score': 1.0}


def test_names_that_cannot_be_known():
    known, bare = ToyAccuracy(), ToyAccuracy()
    assert _prefixes(Evaluator([known])) == ['accuracy/', 'val/']
    bare.prefix = None
    for metric in (bare, OwnMetric()):
        assert not _prefixes(Evaluator([known, metric]))
    assert not _prefixes(Evaluator([]))
