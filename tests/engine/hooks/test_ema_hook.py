"""The average of the weights follows the optimizer's steps, and only them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from tests.engine.hooks.test_nonfinite_hook import SKIP, assert_equal
from tests.engine.hooks.test_nonfinite_hook import run as run_faulty
from tests.engine.optim.test_steps import PLAIN, assert_same, run
from tests.engine.toy import Killed, write_config
from trimodal.engine.hooks import EMAHook
from trimodal.engine.runner import TrainOptions, train

SGD = "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)"
SMALL = f'{SGD}, accumulative_counts=3)\n'
BIG = f"{SGD})\ntrain_dataloader['batch_size'] = 12\n"
KEYS = ('state_dict', 'ema_state_dict')


def ema(options: str = '', *more: str) -> str:
    hook = f"dict(type='EMAHook', momentum=0.2{options})"
    return f'custom_hooks = [{", ".join((hook, *more))}]\n'


@pytest.mark.parametrize('samples', [24, 20])
def test_the_average_of_the_big_batch(samples: int, tmp_path: Path):
    size = f"train_dataloader['dataset']['size'] = {samples}\n"
    extra = PLAIN + size + ema()
    ours = run(tmp_path, 'small', extra + SMALL)
    theirs = run(tmp_path, 'big', extra + BIG)
    steps = 4 * 2
    assert ours['ema_state_dict']['steps'] == steps
    for key in KEYS:
        assert_same(ours[key], theirs[key], atol=1e-6)
    apart = [
        (ours['ema_state_dict'][f'module.{name}'] - value).abs().max()
        for name, value in ours['state_dict'].items()
    ]
    assert max(apart) > 0.01


@pytest.mark.parametrize(
    ('small', 'big'),
    [
        (', begin_epoch=3', ', begin_epoch=3'),
        # The third step is that of iteration 9.
        (', begin_iter=9', ', begin_iter=3'),
        (', begin_iter=7', ', begin_iter=3'),
        (', interval=2', ', interval=2'),
    ],
)
def test_begin_is_an_iteration_or_an_epoch(
    small: str, big: str, tmp_path: Path
):
    ours = run(tmp_path, 'small', PLAIN + ema(small) + SMALL)
    theirs = run(tmp_path, 'big', PLAIN + ema(big) + BIG)
    for key in KEYS:
        assert_same(ours[key], theirs[key], atol=1e-6)


def test_resume_is_exact(tmp_path: Path):
    """After epochs of 5 batches, and after 6 iterations of 12."""
    kill = "dict(type='KillHook', stage='before_train_iter', epoch={})"
    epochs = "train_dataloader['dataset']['size'] = 20\n"
    iterations = (
        "train_cfg = dict(max_iters=12)\ndefault_hooks['checkpoint'] = "
        'dict(by_epoch=False, interval=6)\n'
    )
    flexible = f"{epochs}runner_type = 'FlexibleRunner'\n"
    for name, loop, when in (
        ('epochs', epochs, '2'),
        ('flexible', flexible, '2'),
        ('iterations', iterations, '0, iteration=7'),
    ):
        extra = PLAIN + SMALL + loop
        whole = run(tmp_path, f'whole_{name}', extra + ema())
        with pytest.raises(Killed):
            run(tmp_path, name, extra + ema('', kill.format(when)))
        cut = run(tmp_path, name, extra + ema(), resume='auto')
        for key in KEYS:
            assert_same(cut[key], whole[key], atol=0)


@pytest.mark.parametrize('counts', [1, 2])
def test_a_step_left_out_leaves_no_trace(counts: int, tmp_path: Path):
    """As if its batches had not been there; buffers are the model's."""
    shared = (
        f"{ema()}train_dataloader['dataset']['size'] = 24\n"
        f"optim_wrapper['accumulative_counts'] = {counts}\n"
    )
    data = "train_dataloader['dataset']['{}'] = {}\n"
    ours = run_faulty(
        tmp_path, 'skipped', f'{shared}{SKIP}{data.format("bad", (5,))}'
    )
    gone = tuple(range(8)) if counts == 2 else (4, 5, 6, 7)
    theirs = run_faulty(
        tmp_path, 'without', shared + data.format('left_out', gone)
    )
    for key in KEYS:
        compared = {
            name: value
            for name, value in theirs[key].items()
            # The finite batch of the two was seen by the norms.
            if counts == 1 or name.endswith(('weight', 'bias', 'steps'))
        }
        assert_equal(ours[key], compared)


def buffers_and_hook(**options: Any) -> tuple[Any, EMAHook]:
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    runner = SimpleNamespace(
        model=model,
        optim_wrapper=OptimWrapper(optimizer),
        iter=0,
        max_iters=9,
    )
    hook = EMAHook(momentum=0.5, **options)
    hook.before_run(runner)
    hook.before_train(runner)
    return runner, hook


def changed(hook: EMAHook) -> list[bool]:
    """Whether weights, then running means, are what the model has now."""
    ours = hook.ema_model.module.state_dict()
    theirs = hook.src_model.state_dict()
    return [
        bool(torch.equal(ours[name], theirs[name]))
        for name in ('0.weight', '1.running_mean')
    ]


def test_without_a_step_only_buffers_follow():
    """Unless they are averaged as well."""
    for averaged in (False, True):
        runner, hook = buffers_and_hook(update_buffers=averaged)
        with torch.no_grad():
            for value in runner.model.state_dict().values():
                value.add_(1)
        hook.after_train_iter(runner, 0)
        assert changed(hook) == [False, not averaged]


class Overflowing(torch.optim.SGD):
    """Is called with an overflow, as torch's fused ones are."""

    found_inf: Tensor | None = None

    def step(self, closure: Any = None) -> None:
        """What it does with that is not looked at."""


@pytest.mark.parametrize('overflow', [None, 0.0, 1.0])
def test_an_overflow_is_no_step(overflow: float | None):
    runner, hook = buffers_and_hook()
    hook.after_train(runner)
    optimizer = Overflowing(runner.model.parameters(), 0.1)
    if overflow is not None:
        optimizer.found_inf = torch.tensor(overflow)
    runner.optim_wrapper = OptimWrapper(optimizer)
    hook.before_train(runner)
    runner.model(torch.rand(4, 1)).sum().backward()
    optimizer.step()
    hook.after_train_iter(runner, 0)
    assert int(hook.ema_model.steps) == (0 if overflow else 1)


def test_afterwards_optimizers_are_left_alone():
    runner, hook = buffers_and_hook()
    optimizer = runner.optim_wrapper.optimizer
    assert len(optimizer._optimizer_step_post_hooks) == 1
    hook.before_train(runner)
    assert len(optimizer._optimizer_step_post_hooks) == 1
    hook.after_train(runner)
    assert not optimizer._optimizer_step_post_hooks


def test_without_a_checkpoint_the_average_is_tested(tmp_path: Path):
    """As in a trial run, and where the last one is broken."""
    extra = (
        f"{PLAIN}{ema()}default_hooks['checkpoint'] = None\n"
        'for loader in (val_dataloader, test_dataloader):\n'
        "    loader['dataset']['noise'] = 0.0\n"
        'del loader\n'
    )
    config = write_config(tmp_path, extra=extra)
    options = TrainOptions(work_dir=str(tmp_path / 'w'))
    tested = train(config, options)
    (curves,) = (tmp_path / 'w').glob('*/vis_data/scalars.json')
    last = json.loads(curves.read_text().splitlines()[-2])
    assert tested['accuracy/sure'] == pytest.approx(last['accuracy/sure'])
