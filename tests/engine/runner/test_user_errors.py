"""Which errors are the user's, and where in the config they begin."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook

from tests.engine.toy import write_config
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError

LINEAR = "dict(type='LinearLR', end=2)"


def failure(folder: Path, extra: str, **options: Any) -> str:
    """The one line that a training ends with."""
    path = write_config(folder, 'wrong', extra)
    with pytest.raises(ConfigError) as error:
        train(path, TrainOptions(work_dir=str(folder / 'work'), **options))
    line = str(error.value)
    assert '\n' not in line
    return line


@pytest.mark.parametrize(
    ('extra', 'start'),
    [
        # While the runner is built.
        (
            "default_hooks['checkpoint'] = dict(save_best=3)",
            'default_hooks.checkpoint (CheckpointHook): "save_best" should',
        ),
        (
            "custom_hooks += [dict(type='EMAHook', begin_iter=-1)]",
            'custom_hooks[1] (EMAHook): `begin_iter` must larger',
        ),
        ("randomness = dict(seed='a')", 'randomness: '),
        (
            'randomness = dict(sed=1)',
            "randomness: set_randomness has no argument 'sed'; did you mean "
            'seed?',
        ),
        # While its parts are.
        (
            "train_cfg['max_epoch'] = 3",
            "train_cfg: EpochBasedTrainLoop has no argument 'max_epoch'; did "
            'you mean max_epochs? It takes dataloader, max_epochs, ',
        ),
        ("train_dataloader['num_workers'] = -1", 'train_dataloader: num_w'),
        (
            "val_dataloader['dataset']['sise'] = 1",
            'val_dataloader.dataset or test_dataloader.dataset (ToyDataset)',
        ),
        ('val_evaluator = 3', 'val_cfg: evaluator must be one of'),
        (
            "optim_wrapper['accumulate'] = 3",
            "optim_wrapper: OptimWrapper has no argument 'accumulate'",
        ),
        (
            "optim_wrapper['optimizer']['eps'] = -1",
            'optim_wrapper.optimizer (AdamW): Invalid epsilon value: -1',
        ),
        # When the training starts.
        ("load_from = 'no.pth'", 'load_from: no.pth can not be found.'),
        ('auto_scale_lr = dict(enable=True)', 'auto_scale_lr: Lack of `base'),
        (
            f"param_scheduler = [{LINEAR}, dict(type='LinearLR', begin=5, "
            'end=3)]',
            'param_scheduler[1] (LinearLR): end should be larger than begin',
        ),
        (
            "param_scheduler = [dict(type='CosineRestartLR', periods=[1])]",
            'param_scheduler[0] (CosineRestartLR): it must be that '
            '(eta_min is None) ^ (eta_min_ratio is None)',
        ),
        (
            "custom_hooks = [dict(type='EMAHook', momentun=2.)]",
            'custom_hooks[0] (EMAHook): ExponentialMovingAverage has no '
            "argument 'momentun'; did you mean momentum?",
        ),
        (
            "custom_hooks = [dict(type='EMAHook', momentum=2.)]",
            'custom_hooks[0] (EMAHook): momentum must be in range',
        ),
        # When mmengine first comes to it.
        (
            "log_processor = dict(custom_cfg=[dict(method_name='mean')])",
            "log_processor: it must be that 'data_src' in log_cfg",
        ),
        (
            "param_scheduler = [dict(type='ReduceOnPlateauLR', "
            "monitor='accuracy/x')]\ntrain_cfg['max_epochs'] = 2",
            'param_scheduler[0] (ReduceOnPlateauLR): Excepted key in',
        ),
    ],
)
def test_the_line_names_the_key(tmp_path: Path, extra: str, start: str):
    line = failure(tmp_path, f"train_cfg['max_epochs'] = 1\n{extra}\n")
    assert line.startswith(start)
    # The file and its line, unless the text says what to write.
    assert line.endswith(')') or 'has no argument' in line


def test_debug_keeps_the_original(tmp_path: Path):
    extra = "custom_hooks = [dict(type='EMAHook', momentum=2.)]\n"
    path = write_config(tmp_path, 'wrong', extra)
    options = TrainOptions(work_dir=str(tmp_path / 'work'), debug=True)
    with pytest.raises(AssertionError, match='momentum must be'):
        train(path, options)


@HOOKS.register_module()
class FailingHook(Hook):
    """Fails at a point of the training, in one way or another."""

    def __init__(self, point: str, how: str) -> None:
        self.how = how
        if point == '__init__':
            self.fail()
        else:
            setattr(self, point, self.fail)

    def fail(self, runner: Any = None, **_: Any) -> None:
        if self.how == 'assert':
            raise AssertionError('ours')
        if self.how == 'value':
            raise ValueError('of a value')
        # Ours too: mmengine is only asked for what it does not have.
        runner.message_hub.get_scalar('none')


def hook(point: str, how: str) -> str:
    options = f"type='FailingHook', point='{point}', how='{how}'"
    return f'custom_hooks = [dict({options})]\n'


@pytest.mark.parametrize(
    ('point', 'how', 'kind'),
    [
        ('__init__', 'assert', AssertionError),
        ('before_train', 'assert', AssertionError),
        ('after_train_iter', 'assert', AssertionError),
        ('after_train_iter', 'value', ValueError),
        ('before_val_epoch', 'value', ValueError),
        ('after_train_iter', 'mmengine', KeyError),
    ],
)
def test_what_is_not_the_users_keeps_its_traceback(
    tmp_path: Path, point: str, how: str, kind: type[Exception]
):
    path = write_config(tmp_path, 'wrong', hook(point, how))
    with pytest.raises(kind) as error:
        train(path, TrainOptions(work_dir=str(tmp_path / 'work')))
    assert type(error.value) is kind


def test_what_a_hook_finds_at_the_start_is_the_users(tmp_path: Path):
    line = failure(tmp_path, hook('before_train', 'value'))
    assert line.startswith('custom_hooks[0] (FailingHook): of a value (')
