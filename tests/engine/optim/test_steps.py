"""What a run does to a step: accumulation, clipping, precision, averages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from torch import Tensor, nn

from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import (
    Killed,
    ToyDataset,
    ToyModel,
    write_config,
)
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS

HERE = 'custom_imports["imports"] += ["tests.engine.optim.test_steps"]\n'
# No chance, no batch norm, no noise: only how a step is taken differs.
PLAIN = f"""{HERE}
model = dict(type='ToyModel', chance=0.0)
train_dataloader['dataset']['noise'] = 0.0
train_dataloader['sampler']['shuffle'] = False
param_scheduler = None
custom_hooks = []
"""
SGD = "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)"


def run(folder: Path, name: str, extra: str, **options: Any) -> dict:
    """Train, and give the last checkpoint."""
    config = write_config(folder, f'{name}_config', extra)
    work_dir = folder / name
    options = {'work_dir': str(work_dir), 'test': False, **options}
    train(config, TrainOptions(**options))
    last = (work_dir / 'last_checkpoint').read_text().strip()
    return torch.load(last)


def assert_same(a: dict, b: dict, atol: float) -> None:
    assert a.keys() == b.keys()
    for name, value in b.items():
        torch.testing.assert_close(a[name], value, atol=atol, rtol=0, msg=name)


@pytest.mark.parametrize('optimizer', ['SGD', 'AdamW'])
def test_accumulated_gradients_are_those_of_the_big_batch(
    optimizer: str, tmp_path: Path
):
    """3 x 4 = 12 samples a step; of 24 samples and of 20, which leaves 8."""
    wrapper = (
        f"optim_wrapper = dict(optimizer=dict(type='{optimizer}', lr=0.1)"
    )
    for size in (24, 20):
        data = f"train_dataloader['dataset']['size'] = {size}\n"
        small = (
            f'{PLAIN}{data}{wrapper}, accumulative_counts=3)\n'
            "train_cfg['max_epochs'] = 1\n"
        )
        big = (
            f"{PLAIN}{data}{wrapper})\ntrain_dataloader['batch_size'] = 12\n"
            "train_cfg['max_epochs'] = 1\n"
        )
        ours = run(tmp_path, f'small{size}', small)['state_dict']
        theirs = run(tmp_path, f'big{size}', big)['state_dict']
        assert_same(ours, theirs, atol=1e-6)


@HOOKS.register_module()
class GradientKeeper(Hook):
    """Keeps the gradients that each step was taken with."""

    kept: Sequence[Any] = ()

    def before_train(self, runner: Any) -> None:
        type(self).kept = []

        def keep(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            parameters = runner.model.parameters()
            self.kept.append([p.grad.clone() for p in parameters])

        runner.optim_wrapper.optimizer.register_step_pre_hook(keep)


@pytest.mark.parametrize(
    ('options', 'clip'),
    [
        (
            'dict(max_norm=0.05)',
            lambda p: nn.utils.clip_grad_norm_(p, 0.05),
        ),
        (
            'dict(max_norm=0.05, norm_type=1.0)',
            lambda p: nn.utils.clip_grad_norm_(p, 0.05, 1.0),
        ),
        (
            "dict(type='value', clip_value=0.01)",
            lambda p: nn.utils.clip_grad_value_(p, 0.01),
        ),
    ],
    ids=['norm', 'norm 1', 'value'],
)
def test_clipping_is_torchs(options: str, clip: Any, tmp_path: Path):
    """The first step's gradients, and where the step leads."""
    extra = (
        f'{PLAIN}optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.1),\n'
        f"    clip_grad={options})\ntrain_cfg['max_epochs'] = 1\n"
        "train_dataloader['dataset']['size'] = 4\n"
        "custom_hooks = [dict(type='GradientKeeper')]\n"
    )
    saved = run(tmp_path, 'w', extra)['state_dict']
    model = first_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    first_loss(model, 4).backward()
    free = [p.grad.clone() for p in model.parameters()]
    clip(model.parameters())
    for ours, parameter, unclipped in zip(
        GradientKeeper.kept[0], model.parameters(), free, strict=True
    ):
        torch.testing.assert_close(ours, parameter.grad)
        assert not torch.equal(ours, unclipped)
    optimizer.step()
    assert_same(saved, model.state_dict(), atol=1e-7)


def first_model() -> ToyModel:
    model = ToyModel(chance=0.0)
    model.init_weights()
    return model.train()


def first_loss(model: ToyModel, size: int) -> Tensor:
    rows = [ToyDataset(noise=0.0)[index] for index in range(size)]
    inputs = {m: [row['inputs'][m] for row in rows] for m in 'ab'}
    samples = [row['data_samples'] for row in rows]
    return model(inputs, samples, 'loss')['cls.loss_ce']


def test_scaled_learning_rate(tmp_path: Path):
    """Batches of 6 where 2 were meant: three times the rate, and a step."""
    base = 'auto_scale_lr = dict(base_batch_size={}, enable=False)\n'
    extra = (
        f'{PLAIN}train_dataloader["batch_size"] = 6\n'
        "train_cfg['max_epochs'] = 1\n"
        "optim_wrapper = dict(optimizer=dict(type='SGD', lr={}))\n"
    )
    scaled = run(
        tmp_path,
        'scaled',
        extra.format(0.1) + base.format(2),
        auto_scale_lr=True,
    )
    plain = run(tmp_path, 'plain', extra.format(0.1 * 3))
    assert scaled['optimizer']['param_groups'][0]['lr'] == pytest.approx(0.3)
    assert_same(scaled['state_dict'], plain['state_dict'], atol=1e-7)


@HOOKS.register_module()
class WeightKeeper(Hook):
    """Keeps the weights after each step."""

    kept: Sequence[Any] = ()
    priority = 'VERY_HIGH'  # before the average is made

    def before_train(self, runner: Any) -> None:
        type(self).kept = [runner.model.head.weight.detach().clone()]

    def after_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        self.kept.append(runner.model.head.weight.detach().clone())


def test_moving_average_by_hand(tmp_path: Path):
    """a <- (1 - m) a + m w after each step; it is what is saved."""
    extra = (
        f'{PLAIN}{SGD})\ncustom_hooks = [dict(type="EMAHook", momentum=0.2),\n'
        "    dict(type='WeightKeeper')]\ntrain_cfg['max_epochs'] = 2\n"
    )
    saved = run(tmp_path, 'w', extra)
    average = WeightKeeper.kept[1]  # mmengine begins with the first step's
    for weight in WeightKeeper.kept[2:]:
        average = 0.8 * average + 0.2 * weight
    torch.testing.assert_close(saved['state_dict']['head.weight'], average)
    raw = saved['ema_state_dict']['module.head.weight']
    assert torch.equal(raw, WeightKeeper.kept[-1])


def test_moving_average_goes_on_after_a_resume(tmp_path: Path):
    hooks = 'custom_hooks = [dict(type="EMAHook", momentum=0.2){}]\n'
    kill = ", dict(type='KillHook', stage='before_train_epoch', epoch=2)"
    whole = run(tmp_path, 'whole', PLAIN + SGD + ')\n' + hooks.format(''))
    with pytest.raises(Killed):
        run(tmp_path, 'cut', PLAIN + SGD + ')\n' + hooks.format(kill))
    extra = PLAIN + SGD + ')\n' + hooks.format('')
    cut = run(tmp_path, 'cut', extra, resume='auto')
    for key in ('state_dict', 'ema_state_dict'):
        assert_same(cut[key], whole[key], atol=0)


@HOOKS.register_module()
class KindHook(Hook):
    """Keeps the kinds of what a linear layer gives, and of weights."""

    seen: Sequence[Any] = ()

    def before_train(self, runner: Any) -> None:
        type(self).seen = []

        def keep(module: nn.Module, _: Any, output: Tensor) -> None:
            if module.training:
                self.seen.append(output.dtype)

        for module in runner.model.modules():
            if isinstance(module, nn.Linear):
                module.register_forward_hook(keep)

    def after_train(self, runner: Any) -> None:
        model = runner.model
        kinds = {p.dtype for p in model.parameters()}
        state = runner.optim_wrapper.optimizer.state
        kinds |= {
            v.dtype for s in state.values() for v in s.values() if v.dim()
        }
        assert kinds == {torch.float32}


def test_bfloat16_on_a_cpu_stays_close(tmp_path: Path):
    """Products in bfloat16; weights and moments in float32."""
    extra = (
        f'{HERE}custom_hooks = [dict(type="KindHook")]\n'
        'optim_wrapper = dict(optimizer=dict(\n'
        "    type='SGD', lr=0.02, momentum=0.5))\n"
    )
    losses, kinds, metrics = [], [], []
    for amp in (False, True):
        config = write_fusion(tmp_path, f'amp{amp}', extra)
        work_dir = tmp_path / str(amp)
        options = TrainOptions(work_dir=str(work_dir), amp=amp)
        metrics.append(train(config, options))
        kinds.append(set(KindHook.seen))
        hub = torch.load(work_dir / 'epoch_4.pth')['message_hub']
        losses.append(hub['log_scalars']['train/loss']['log_history'])
    assert kinds == [{torch.float32}, {torch.bfloat16}]
    assert len(losses[0]) == 24
    assert not torch.equal(*losses)
    torch.testing.assert_close(*losses, rtol=0.05, atol=0.02)
    assert metrics[0]['accuracy/sure'] == pytest.approx(
        metrics[1]['accuracy/sure'], abs=0.03
    )
