"""Steps that are not finite: stopped, left out, told and written."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from torch import Tensor

from tests.engine.faulty import StepsHook, write_faulty
from tests.tools.test_dist import script
from trimodal.engine.hooks import NonFiniteHook
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS
from trimodal.utils.config import RunError

BAD = "train_dataloader['dataset']['bad'] = {}\n"
SKIP = "default_hooks['nonfinite']['skip'] = True\n"
SECOND = BAD.format('(5,)')


def run(folder: Path, name: str, extra: str, **options: Any) -> dict:
    """Train, and return the last checkpoint."""
    options = {'work_dir': str(folder / name), 'test': False, **options}
    train(write_faulty(folder, name, extra), TrainOptions(**options))
    last = Path(options['work_dir'], 'last_checkpoint')
    return torch.load(last.read_text())


def scalar(checkpoint: dict, name: str) -> list[float]:
    scalars = checkpoint['message_hub']['log_scalars']
    return scalars[f'train/{name}']['log_history'].tolist()


def assert_equal(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    for name, value in theirs.items():
        assert torch.equal(ours[name], value), name


@pytest.mark.parametrize('fault', ['loss', 'inf', 'gradient'])
@pytest.mark.parametrize('clip', ['None', 'dict(max_norm=1.0)'])
def test_the_run_stops_before_the_step(tmp_path: Path, fault: str, clip: str):
    extra = (
        f"model['fault'] = {fault!r}\noptim_wrapper['clip_grad'] = {clip}\n"
    )
    with pytest.raises(RunError) as error:
        run(tmp_path, 'stopped', SECOND + extra)
    line = str(error.value)
    assert '\n' not in line
    assert line.startswith('iteration 2: ')
    assert 'samples: toy_4, toy_5, toy_6, toy_7.' in line
    if fault == 'gradient':
        assert 'gradients are not finite (' in line
        assert 'of a finite loss (a.loss_ce=' in line
    else:
        value = 'nan' if fault == 'loss' else 'inf'
        assert 'the loss is not finite (a.loss_ce=' in line
        assert f'b.loss_ce={value}' in line
    path = tmp_path / 'stopped' / 'nonfinite_iter_2.pth'
    assert str(path) in line
    saved = torch.load(path, weights_only=True)
    # Running statistics too are those from before.
    assert_equal(saved['weights'], StepsHook.taken[1])
    assert (saved['iter'], saved['epoch']) == (2, 1)
    assert math.isfinite(saved['losses']['b.loss_ce']) == (fault == 'gradient')
    assert bool(saved['nonfinite_gradients']) == (fault != 'inf')
    assert not list(path.parent.glob('*.tmp'))


def test_gradients_are_looked_at_unless_not_asked_for(tmp_path: Path):
    extra = "model['fault'] = 'gradient'\n" + SECOND
    off = "default_hooks['nonfinite']['check_gradients'] = False\n"
    with pytest.raises(RunError, match='iteration 3: the loss is not finite'):
        run(tmp_path, 'late', extra + off)


@pytest.mark.parametrize('fault', ['loss', 'inf', 'gradient'])
def test_a_step_left_out_leaves_no_trace(tmp_path: Path, fault: str):
    """As if the batch had not been there: moments and statistics too."""
    extra = f"model['fault'] = {fault!r}\n"
    ours = run(tmp_path, 'skipped', SECOND + SKIP + extra)
    without = BAD.format('()').replace('bad', 'left_out')
    without = without.replace('()', '(4, 5, 6, 7)')
    theirs = run(tmp_path, 'without', without + extra)
    assert_equal(ours['state_dict'], theirs['state_dict'])
    states = zip(
        ours['optimizer']['state'].values(),
        theirs['optimizer']['state'].values(),
        strict=True,
    )
    for one, other in states:
        assert_equal(one, other)
    assert scalar(ours, 'nonfinite_skips') == [0, 1, 1]
    log = next((tmp_path / 'skipped').glob('*/*.log')).read_text()
    assert 'Step left out: iteration 2: ' in log
    assert 'samples: toy_4, toy_5, toy_6, toy_7\n' in log
    assert not list((tmp_path / 'skipped').glob('nonfinite*'))


def test_too_many_in_a_row_stop_the_run(tmp_path: Path):
    extra = SKIP + "train_dataloader['dataset']['size'] = 24\n"
    limit = "default_hooks['nonfinite']['max_skips'] = 2\n"
    apart = extra + limit + BAD.format('(0, 4, 12, 16)')
    assert scalar(run(tmp_path, 'apart', apart), 'nonfinite_skips')[-1] == 4
    row = extra + limit + BAD.format('(0, 8, 12, 16)')
    with pytest.raises(RunError, match=r'^iteration 5: .*the 2 steps before'):
        run(tmp_path, 'row', row)


def test_the_count_goes_on_after_a_resume(tmp_path: Path):
    extra = SKIP + BAD.format('(8,)')
    assert scalar(run(tmp_path, 'run', extra), 'nonfinite_skips')[-1] == 1
    extra += "train_cfg['max_epochs'] = 2\n"
    again = {'work_dir': str(tmp_path / 'run'), 'resume': 'auto'}
    resumed = run(tmp_path, 'again', extra, **again)
    assert scalar(resumed, 'nonfinite_skips') == [0, 0, 1, 1, 1, 2]


def test_all_that_was_accumulated_is_left_out(tmp_path: Path):
    """Six batches, three steps; the second holds the bad one."""
    extra = (
        "train_dataloader['dataset']['size'] = 24\n"
        "optim_wrapper['accumulative_counts'] = 2\n" + SKIP
    )
    saved = run(tmp_path, 'sum', extra + BAD.format('(9,)'))
    changed = [
        not torch.equal(before['layers.a.weight'], after['layers.a.weight'])
        for before, after in zip(
            StepsHook.taken[:-1], StepsHook.taken[1:], strict=True
        )
    ]
    assert changed == [False, True, False, False, False, True]
    assert scalar(saved, 'nonfinite_skips') == [0, 1, 1]


@HOOKS.register_module()
class ScalerHook(Hook):
    """A loss scale at which the first step overflows."""

    priority = 0

    def before_train(self, runner: Any) -> None:
        scaler = torch.amp.GradScaler('cpu', init_scale=3e38)
        runner.optim_wrapper.loss_scaler = scaler


SCALED = """
optim_wrapper['type'] = 'AmpOptimWrapper'
custom_imports['imports'] += ['tests.engine.hooks.test_nonfinite_hook']
custom_hooks += [dict(type='ScalerHook')]
train_dataloader['dataset']['size'] = 24
"""


@pytest.mark.parametrize('fused', [False, True])
def test_an_overflow_is_the_scalers_business(tmp_path: Path, fused: bool):
    extra = SCALED + f"optim_wrapper['optimizer']['fused'] = {fused}\n"
    saved = run(tmp_path, 'scaled', extra + SKIP)
    assert saved['optimizer']['loss_scaler']['scale'] < 3e38
    assert scalar(saved, 'nonfinite_skips') == [0] * 6
    first, second = (w['layers.a.weight'] for w in StepsHook.taken[:2])
    assert torch.equal(first, second)
    assert not torch.equal(first, saved['state_dict']['layers.a.weight'])
    # A loss that was not finite before it was scaled is a fault.
    with pytest.raises(RunError, match='iteration 6: the loss is not finite'):
        run(tmp_path, 'faulty', extra + BAD.format('(20,)'))
    saved = run(tmp_path, 'skipped', extra + SKIP + BAD.format('(16,)'))
    assert scalar(saved, 'nonfinite_skips') == [0, 0, 0, 0, 1, 1]
    assert saved['state_dict']['layers.b.weight'].isfinite().all()


@pytest.mark.slow
def test_processes_decide_together(tmp_path: Path):
    """Process 1 has the bad sample; both stop, or leave the step out."""
    options = ('--no-test', '--work-dir')
    stopped = write_faulty(tmp_path, 'stopped', SECOND)
    result = script(
        'dist_train.sh', stopped, 2, *options, tmp_path / 'a', status=1
    )
    assert 'process 1: the loss is not finite' in result.stderr
    assert 'process 0' not in result.stderr
    (file,) = (tmp_path / 'a').glob('nonfinite*')
    assert file.name == 'nonfinite_iter_1_rank_1.pth'
    skipped = write_faulty(tmp_path, 'skipped', SECOND + SKIP)
    script('dist_train.sh', skipped, 2, *options, tmp_path / 'b')
    saved = torch.load(tmp_path / 'b' / 'epoch_1.pth')
    assert scalar(saved, 'nonfinite_skips') == [1, 1]
    assert all(x.isfinite().all() for x in saved['state_dict'].values())


def test_arguments():
    with pytest.raises(ValueError, match='max_skips must be larger than 0'):
        NonFiniteHook(max_skips=0)
