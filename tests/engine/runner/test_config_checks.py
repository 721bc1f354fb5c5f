"""Numbers of a config that lead nowhere are refused before the start."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.hooks import EMAHook

from tests.engine.toy import write_config
from trimodal.engine.runner import TrainOptions, train
from trimodal.engine.runner.config_checks import check_numbers, check_parts
from trimodal.utils.config import ConfigError

WHOLE = 'must be a whole number, at least'


def config(**changes: Any) -> Config:
    """By epochs; with changes of single keys, dots as ``__``."""
    found = Config(
        {
            'train_cfg': {'by_epoch': True, 'max_epochs': 3},
            'val_cfg': {},
            'optim_wrapper': {'optimizer': {'type': 'SGD', 'lr': 1}},
            'param_scheduler': [{'type': 'StepLR', 'step_size': 1}],
        }
    )
    options = {k.replace('__', '.'): v for k, v in changes.items()}
    found.merge_from_dict(options)
    return found


@pytest.mark.parametrize(
    ('key', 'good', 'bad'),
    [
        ('train_cfg.max_epochs', [1, 2.0], [0, -3, 1.5, '2']),
        ('train_cfg.val_interval', [1, 9], [0, -1, 0.5, '1']),
        ('train_cfg.val_begin', [0, 4], [-1]),
        ('optim_wrapper.accumulative_counts', [1, 4], [0, -2, 1.5]),
        ('log_processor.window_size', [1, 10], [0, '3']),
    ],
)
def test_counts(key: str, good: list, bad: list):
    key_word = key.replace('.', '__')
    for value in good:
        check_numbers(config(**{key_word: value}))
    for value in bad:
        with pytest.raises(ConfigError) as error:
            check_numbers(config(**{key_word: value}))
        assert str(error.value).startswith(f'{key}={value!r}: {WHOLE}')


def test_counts_that_are_not_used_may_be_anything():
    check_numbers(config(val_cfg=None, train_cfg__val_interval=0))


def test_of_several_optimizers():
    several = {'a': {'optimizer': {}, 'accumulative_counts': 0}}
    with pytest.raises(ConfigError, match=r'optim_wrapper\.a\.accumulative'):
        check_numbers(config(optim_wrapper=several))


def test_epochs_that_nobody_counts():
    with pytest.raises(ConfigError, match='max_epochs=3 and by_epoch=False'):
        check_numbers(config(train_cfg__by_epoch=False))
    loop = {'type': 'Own', 'max_epochs': 3}
    check_numbers(Config({'train_cfg': loop, 'optim_wrapper': {}}))


@pytest.mark.parametrize(
    ('pairs', 'message'),
    [
        (3, r'must be a list of pairs \(from, interval\)'),
        ([(1, 2, 3)], 'must be a list of pairs'),
        ([[1, 2]], 'must be a list of pairs'),
        ([(2, 1), (1, 1)], 'in the order of the first numbers'),
        ([(0, 1), (2, 0)], rf'\[1\]\[1\]=0: {WHOLE} 1'),
    ],
)
def test_dynamic_intervals(pairs: Any, message: str):
    check_numbers(config(train_cfg__dynamic_intervals=[(0, 1), (2, 5)]))
    with pytest.raises(ConfigError, match=message):
        check_numbers(config(train_cfg__dynamic_intervals=pairs))


def test_schedules_by_epoch_in_a_training_by_iterations():
    """mmengine trains on with the first learning rate."""

    def by_iterations(schedule: Any) -> Config:
        found = config().to_dict()
        train = {'max_iters': 9}
        return Config(
            {**found, 'train_cfg': train, 'param_scheduler': schedule}
        )

    step = {'type': 'StepLR', 'step_size': 1}
    for schedule in (
        None,
        {**step, 'by_epoch': False},
        [{**step, 'convert_to_iter_based': True}],
        {'type': 'ReduceOnPlateauLR', 'monitor': 'loss'},
        {'type': 'mmengine.ReduceOnPlateauLR', 'monitor': 'loss'},
    ):
        check_numbers(by_iterations(schedule))
    for schedule, key in (
        (step, 'param_scheduler'),
        ([{**step, 'by_epoch': False}, step], r'param_scheduler\[1\]'),
        ({'a': [step]}, r'param_scheduler\.a\[0\]'),
    ):
        message = rf'^{key} \(StepLR\) counts epochs, and .* never move; set'
        with pytest.raises(ConfigError, match=message):
            check_numbers(by_iterations(schedule))


def runner(*hooks: Any, by_epoch: bool = True) -> Any:
    """Three epochs of four iterations, or twelve iterations."""
    train = {'max_epochs': 3} if by_epoch else {'max_iters': 12}
    return SimpleNamespace(
        hooks=hooks,
        cfg=Config({'train_cfg': train}),
        max_epochs=3 if by_epoch else 1,
        max_iters=12,
    )


def test_averages_begin_before_the_end():
    for options in ({}, {'begin_epoch': 3}, {'begin_iter': 12}):
        check_parts(runner(EMAHook(**options)))
    for options, by_epoch, message in (
        (
            {'begin_epoch': 4},
            True,
            'begin_epoch=4 is after the last of 3 epochs; set it to 3 at '
            'most, train longer, or leave the hook out',
        ),
        (
            {'begin_iter': 13},
            True,
            'begin_iter=13 is after the last of 12 iterations; set it to 12 '
            'at most, train longer, or leave the hook out',
        ),
        (
            {'begin_epoch': 2},
            False,
            'begin_epoch=2, and training goes by iterations; set begin_iter, '
            'at most 12',
        ),
        # Not a share, as SWAHook's.
        ({'begin_epoch': 0.5}, True, f'begin_epoch=0.5: {WHOLE} 0'),
    ):
        found = runner(EMAHook(**options), by_epoch=by_epoch)
        with pytest.raises(ConfigError) as error:
            check_parts(found)
        assert str(error.value) == f'EMAHook: {message}'


def test_before_the_training_begins(tmp_path: Path):
    for index, (extra, message) in enumerate(
        (
            ("EMAHook', begin_epoch=9)", 'begin_epoch=9 is after the last'),
            ("EMAHook', begin_iter=99)", 'begin_iter=99 is after the last'),
        )
    ):
        hook = f"custom_hooks = [dict(type='{extra}]\n"
        path = write_config(tmp_path, f'ema{index}', hook)
        options = TrainOptions(work_dir=str(tmp_path / 'work'))
        with pytest.raises(ConfigError, match=message):
            train(path, options)
    assert not list(tmp_path.rglob('*.pth'))
