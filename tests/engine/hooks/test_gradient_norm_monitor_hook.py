"""The logged norms against the step that was made."""

from pathlib import Path

import pytest
import torch

from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.hooks import GradientNormMonitorHook
from trimodal.engine.hooks.gradient_norm_monitor_hook import module_parameters
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS
from trimodal.visualization import load_scalars

TWO_STEPS = """
train_dataloader['dataset'] = dict(type='ToyDataset', size={size}, noise=0)
train_dataloader['batch_size'] = {batch}
train_dataloader['sampler']['shuffle'] = False
train_cfg['max_epochs'] = 2
optim_wrapper.update({wrapper})
custom_hooks = [
    dict(type='GradientNormMonitorHook', interval={interval}, depth=2)]
"""


def logged(folder: Path, name: str, wrapper: str, batch: int = 8) -> dict:
    """The scalars, and the weights after each of two epochs of 8 samples."""
    interval = 8 // batch
    setting = {'size': 8, 'batch': batch, 'interval': interval}
    text = TWO_STEPS.format(wrapper=wrapper, **setting)
    config = write_fusion(folder, name, text)
    train(config, TrainOptions(work_dir=str(folder / name), test=False))
    found = load_scalars(folder / name).train
    norms = {
        key.removeprefix('grad_norm/'): values
        for key, (_, values) in found.items()
        if key.startswith('grad_norm/')
    }
    weights = [
        torch.load(folder / name / f'epoch_{i}.pth')['state_dict']
        for i in (1, 2)
    ]
    return {'norms': norms, 'weights': weights}


def test_the_norms_are_those_of_the_step(tmp_path: Path):
    """SGD without momentum: the gradient is the step over the rate."""
    run = logged(tmp_path, 'plain', '')
    first, second = run['weights']
    gradients = {k: (first[k] - second[k]) / 0.1 for k in first}
    modules = {name: name + '.' for name in ('encoders', 'fusion', 'heads')}
    modules |= {'all': '', 'encoders.a': 'encoders.a.'}
    for name, prefix in modules.items():
        parts = [g for k, g in gradients.items() if k.startswith(prefix)]
        expected = torch.cat([g.flatten() for g in parts]).norm()
        assert len(run['norms'][name]) == 2, name
        assert run['norms'][name][1] == pytest.approx(
            float(expected), rel=1e-4
        ), name


@pytest.mark.parametrize(
    ('wrapper', 'batch'),
    [
        ('dict(accumulative_counts=2)', 4),
        ('dict(clip_grad=dict(max_norm=1e-3))', 8),
    ],
)
def test_accumulated_and_before_clipping(
    tmp_path: Path, wrapper: str, batch: int
):
    """The first step starts from equal weights: its norms are the same."""
    plain = logged(tmp_path, 'plain', '')['norms']
    other = logged(tmp_path, 'other', wrapper, batch)['norms']
    assert list(other) == list(plain)
    for name in plain:
        assert other[name][0] == pytest.approx(plain[name][0], rel=1e-5)


def test_modules_by_depth_and_what_is_learned():
    model = torch.nn.ModuleDict(
        {
            'a': torch.nn.Sequential(torch.nn.Linear(2, 2)),
            'b': torch.nn.Linear(2, 2),
        }
    )
    model['b'].bias.requires_grad_(False)
    groups = module_parameters(model, depth=1)
    assert {k: len(v) for k, v in groups.items()} == {'all': 3, 'a': 2, 'b': 1}
    assert list(module_parameters(model, 9)) == ['all', 'a', 'a.0', 'b']


def test_it_is_built_by_name_and_refuses_no_depth():
    hook = HOOKS.build({'type': 'GradientNormMonitorHook', 'interval': 3})
    assert isinstance(hook, GradientNormMonitorHook)
    with pytest.raises(ValueError, match=r'depth must be .* got 0'):
        GradientNormMonitorHook(depth=0)
