"""Rates and momenta by group against torch's own optimizer."""

from pathlib import Path

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from tests.engine.hooks.test_monitoring import new_runner
from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.hooks import LearningRateMonitorHook
from trimodal.engine.hooks.learning_rate_monitor_hook import named_groups
from trimodal.engine.runner import TrainOptions, train
from trimodal.visualization import load_scalars

RUN = """
optim_wrapper['optimizer'] = dict(
    type='AdamW', lr=0.1, betas=(0.8, 0.99), weight_decay=0.01)
optim_wrapper['paramwise_cfg'] = dict(
    custom_keys={'encoders.a': dict(lr_mult=0.1)})
param_scheduler = [
    dict(type='ExponentialLR', gamma=0.5, by_epoch=True),
    dict(type='LinearMomentum', start_factor=0.5, end=2, by_epoch=True)]
custom_hooks = [dict(type='LearningRateMonitorHook', interval=3)]
"""


class Log:
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line)


def model_of() -> nn.Module:
    parts = {'a': nn.Linear(2, 2), 'b': nn.Linear(2, 2)}
    return nn.ModuleDict(
        {'encoders': nn.ModuleDict(parts), 'head': nn.Linear(2, 2)}
    )


def test_curves_are_those_of_the_schedule(tmp_path: Path):
    """6 iterations an epoch, every third logged; 4 epochs."""
    config = write_fusion(tmp_path, 'run', RUN)
    train(config, TrainOptions(work_dir=str(tmp_path / 'run'), test=False))
    curves = load_scalars(tmp_path / 'run').train
    epochs = [epoch for epoch in range(4) for _ in range(2)]
    expected = {
        'lr/encoders.a': [0.01 * 0.5**epoch for epoch in epochs],
        'lr/group1': [0.1 * 0.5**epoch for epoch in epochs],
        # From half of it, in two epochs.
        'momentum/encoders.a': [[0.4, 0.8, 0.8, 0.8][e] for e in epochs],
        'momentum/group1': [[0.4, 0.8, 0.8, 0.8][e] for e in epochs],
    }
    for key, values in expected.items():
        assert curves[key][1].tolist() == pytest.approx(values), key
    assert 'weight_decay/group1' not in curves
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    assert 'parameter group encoders.a: 40 parameters, lr 0.01' in log
    assert 'momentum 0.4, weight_decay 0.01' in log


def test_all_kinds_of_groups():
    model = model_of()
    whole = torch.optim.SGD(model.parameters(), lr=1)
    assert list(named_groups(whole, model)) == ['all']
    each = [{'params': [p]} for p in model.parameters()]
    assert list(named_groups(torch.optim.SGD(each, lr=1), model)) == ['all']
    named = [
        {'params': [p], 'lr': i, 'group_name': f'layer_{i}'}
        for i, p in enumerate(model.parameters())
    ]
    found = named_groups(torch.optim.SGD(named, lr=1), model)
    assert list(found) == [f'layer_{i}' for i in range(6)]
    decays = [
        {'params': [p], 'weight_decay': float(p.dim() > 1)}
        for p in model.parameters()
    ]
    found = named_groups(torch.optim.SGD(decays, lr=1), model)
    assert {k: len(v) for k, v in found.items()} == {'group0': 3, 'group1': 3}
    # A lone parameter is told by its module.
    bias = model['head'].bias
    rest = [p for p in model.parameters() if p is not bias]
    lone = [{'params': rest}, {'params': [bias], 'lr': 2}]
    found = named_groups(torch.optim.SGD(lone, lr=1), model)
    assert list(found) == ['group0', 'head']


def test_several_optimizers_and_weight_decay():
    runner = new_runner(by_epoch=False)
    runner.model, runner.logger = model_of(), Log()
    wrappers = {
        name: OptimWrapper(
            torch.optim.SGD(
                part.parameters(), lr=i, weight_decay=0.5, momentum=0.9
            )
        )
        for i, (name, part) in enumerate(runner.model.items())
    }
    runner.optim_wrapper = OptimWrapperDict(**wrappers)
    hook = LearningRateMonitorHook(1, log_weight_decay=True)
    hook.before_train(runner)
    hook.after_train_iter(runner, 0)
    ((_, scalars),) = runner.visualizer.logged
    assert scalars == {
        'lr/encoders.all': 0.0,
        'momentum/encoders.all': 0.9,
        'weight_decay/encoders.all': 0.5,
        'lr/head.all': 1.0,
        'momentum/head.all': 0.9,
        'weight_decay/head.all': 0.5,
        'iter': 1,
    }
    assert len(runner.logger.lines) == 2
    hook = LearningRateMonitorHook(1, log_momentum=False)
    hook.before_train(runner)
    hook.after_train_iter(runner, 0)
    assert set(runner.visualizer.logged[1][1]) == {
        'lr/encoders.all',
        'lr/head.all',
        'iter',
    }


def test_the_interval_is_positive():
    with pytest.raises(ValueError, match=r'interval must be .* got 0'):
        LearningRateMonitorHook(interval=0)
