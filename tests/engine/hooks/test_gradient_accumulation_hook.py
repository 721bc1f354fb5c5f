"""Accumulated batches make the big batch's step, whatever an epoch's size."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor

from tests.engine.hooks.test_nonfinite_hook import (
    SKIP,
    assert_equal,
    scalar,
)
from tests.engine.hooks.test_nonfinite_hook import run as run_faulty
from tests.engine.optim.test_steps import (
    PLAIN,
    assert_same,
    first_loss,
    first_model,
    run,
)
from tests.engine.tiny_fusion import MODEL
from tests.engine.toy import Killed, ToyModel
from trimodal.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS

HERE = """
custom_imports['imports'].append(
    'tests.engine.hooks.test_gradient_accumulation_hook')
"""
SGD = "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)"
ADAM = "optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.01)"
BIG = "train_dataloader['batch_size'] = 12\n"
FLEXIBLE = "runner_type = 'FlexibleRunner'\n"
KILL = (
    "custom_hooks = [dict(type='KillHook', stage='before_train_epoch', "
    'epoch=2)]\n'
)
# Neither chance nor batch norm, attention between the modalities.
TRANSFORMER = f"""{MODEL}
model['fusion'] = dict(
    type='CrossModalAttentionFusion', modalities=('a', 'b'), in_channels=8,
    out_channels=8, num_heads=2, num_layers=2, dropout=0.0)
train_dataloader['dataset']['noise'] = 0.0
train_dataloader['sampler']['shuffle'] = False
"""


def size(samples: int) -> str:
    return f"train_dataloader['dataset']['size'] = {samples}\n"


def check_big_batch(folder: Path, small: str, big: str) -> dict[str, Any]:
    """Both train the same; returns the first one's checkpoint."""
    ours = run(folder, 'small', small)
    theirs = run(folder, 'big', big)
    assert_same(ours['state_dict'], theirs['state_dict'], atol=1e-6)
    return ours


def check_resume(folder: Path, config: str, whole: dict[str, Any]) -> None:
    """Killed and resumed, it ends as the one that never stopped."""
    with pytest.raises(Killed):
        run(folder, 'cut', config + KILL)
    cut = run(folder, 'cut', config, resume='auto')
    assert_same(cut['state_dict'], whole['state_dict'], atol=0)


@pytest.mark.parametrize('optimizer', [SGD, ADAM], ids=['SGD', 'AdamW'])
@pytest.mark.parametrize('samples', [24, 20])
def test_the_steps_of_the_big_batch(
    samples: int, optimizer: str, tmp_path: Path
):
    """3 x 4 against 12; epochs of 6 and of 5 batches, four of them."""
    extra = PLAIN + size(samples) + optimizer
    small = f'{extra}, accumulative_counts=3)\n'
    check_big_batch(tmp_path, small, f'{extra})\n{BIG}')


@pytest.mark.parametrize('samples', [24, 20])
def test_of_a_transformer(samples: int, tmp_path: Path):
    extra = TRANSFORMER + size(samples) + SGD
    small = f'{extra}, accumulative_counts=3)\n'
    check_big_batch(tmp_path, small, f'{extra})\n{BIG}')


def by_hand(groups: list[list[int]], samples: int, epochs: int) -> dict:
    """A plain loop of torch: the mean of each group's batches."""
    model = first_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for _ in range(epochs):
        for group in groups:
            optimizer.zero_grad()
            losses = [batch_loss(model, 4 * i, samples) for i in group]
            torch.stack(losses).mean().backward()
            optimizer.step()
    return model.state_dict()


def batch_loss(model: ToyModel, begin: int, samples: int) -> Tensor:
    """Of up to four samples: a loss is a mean, so sums are subtracted."""
    end = min(begin + 4, samples)
    whole = first_loss(model, end) * end
    before = first_loss(model, begin) * begin if begin else 0.0
    return (whole - before) / (end - begin)


def test_a_short_batch_weighs_as_a_whole_one(tmp_path: Path):
    """22 samples: the last of six batches has two."""
    extra = PLAIN + size(22) + SGD + ', accumulative_counts=4)\n'
    ours = run(tmp_path, 'w', extra)['state_dict']
    theirs = by_hand([[0, 1, 2, 3], [4, 5]], 22, epochs=4)
    assert_same(ours, theirs, atol=1e-6)


def test_flexible_runner(tmp_path: Path):
    extra = PLAIN + size(20) + SGD
    accumulated = f'{extra}, accumulative_counts=3)\n{FLEXIBLE}'
    ours = check_big_batch(tmp_path, accumulated, f'{extra})\n{BIG}')
    check_resume(tmp_path, accumulated, ours)


def test_resume_is_exact(tmp_path: Path):
    """Killed after two epochs of 5 batches; no gradient is told lost."""
    extra = PLAIN + size(20) + SGD + ', accumulative_counts=3)\n'
    whole = run(tmp_path, 'whole', extra)
    check_resume(tmp_path, extra, whole)
    logs = [path.read_text() for path in (tmp_path / 'cut').glob('*/*.log')]
    assert logs
    assert any('Resume' in log or 'resume' in log for log in logs)
    assert not any('is lost' in log for log in logs)


def test_it_is_the_hook_that_does_it(tmp_path: Path):
    """Without GradientAccumulationHook a step is made of two epochs."""
    extra = PLAIN + size(20) + SGD
    off = 'default_hooks.update(accumulation=None)\n'
    mixed = run(tmp_path, 'off', f'{extra}, accumulative_counts=3)\n{off}')
    big = run(tmp_path, 'big', f'{extra})\n{BIG}')
    apart = [
        (mixed['state_dict'][name] - value).abs().max()
        for name, value in big['state_dict'].items()
    ]
    assert max(apart) > 0.01


def test_the_last_step_of_an_epoch_may_be_left_out(tmp_path: Path):
    """By NonFiniteHook, as if its two batches had not been there."""
    counts = f"{size(20)}optim_wrapper['accumulative_counts'] = 3\n"
    data = "train_dataloader['dataset']['{}'] = {}\n"
    bad = f'{counts}{SKIP}{data.format("bad", (16,))}'
    ours = run_faulty(tmp_path, 'skipped', bad)
    gone = data.format('left_out', tuple(range(12, 20)))
    theirs = run_faulty(tmp_path, 'without', counts + gone)['state_dict']
    assert scalar(ours, 'nonfinite_skips')[-1] == 1
    learned = {k: v for k, v in theirs.items() if not k.startswith('norms')}
    assert learned
    assert_equal(ours['state_dict'], learned)


def test_batch_norm_is_warned_of_once(tmp_path: Path):
    norm = "model['chance'] = 1.0\n"
    extra = PLAIN + norm + SGD + ', accumulative_counts=3)\n'
    run(tmp_path, 'w', extra)
    log = next((tmp_path / 'w').glob('*/*.log')).read_text()
    assert log.count('BatchNorm layers') == 1


def test_iterations_are_as_before(tmp_path: Path):
    """10 of them in passes of 5 batches: steps after 3, 6, 9 and the last."""
    loop = 'train_cfg = dict(max_iters=10)\n'
    extra = PLAIN + size(20) + SGD + ', accumulative_counts=3)\n' + loop
    ours = run(tmp_path, 'w', extra)['state_dict']
    groups = [[0, 1, 2], [3, 4, 0], [1, 2, 3], [4]]
    assert_same(ours, by_hand(groups, 20, epochs=1), atol=1e-6)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class EachItsOwn:
    """An optimizer for the encoders and one for the head."""

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: Any = None
    ) -> None:
        self.counts = optim_wrapper_cfg['counts']

    def __call__(self, model: Any) -> OptimWrapperDict:
        wrappers = {}
        for name, count in zip(('encoders', 'head'), self.counts, strict=True):
            part = getattr(model, name).parameters()
            optimizer = torch.optim.SGD(part, 0.1, momentum=0.9)
            wrappers[name] = OptimWrapper(optimizer, count)
        return OptimWrapperDict(**wrappers)


@MODELS.register_module()
class TurnsModel(ToyModel):
    """Its parts learn in turns, the head ``times`` a batch."""

    def __init__(self, times: int = 1) -> None:
        super().__init__(chance=0.0)
        self.times = times

    def train_step(self, data: Any, optim_wrapper: Any) -> Any:
        data = self.data_preprocessor(data, True)
        losses = []
        for name in ('encoders', *['head'] * self.times):
            for part in ('encoders', 'head'):
                getattr(self, part).requires_grad_(part == name)
            found = self(**data, mode='loss')
            loss, log = self.parse_losses(found)
            losses.append((name, loss))
        for name, loss in losses:
            optim_wrapper[name].update_params(loss)
        return log


def turns(counts: tuple[int, int], times: int = 1) -> str:
    return (
        f"{PLAIN}{HERE}model = dict(type='TurnsModel', times={times})\n"
        f"optim_wrapper = dict(constructor='EachItsOwn', counts={counts})\n"
    )


@pytest.mark.parametrize('flexible', [False, True])
def test_several_optimizers(flexible: bool, tmp_path: Path):
    """Each as if it were alone; parts do not see the other's new weights."""
    kind = FLEXIBLE if flexible else ''
    small = f'{turns((3, 3))}{size(20)}{kind}'
    big = turns((1, 1)) + size(20) + BIG
    ours = check_big_batch(tmp_path, small, big)
    check_resume(tmp_path, small, ours)


def test_what_steps_at_another_pace_is_left_alone(tmp_path: Path):
    """Two updates a batch, accumulated by two: as if it were one of both."""
    twice = run(tmp_path, 'twice', turns((1, 2), times=2) + size(20))
    once = run(tmp_path, 'once', turns((1, 1)) + size(20))
    assert_same(twice['state_dict'], once['state_dict'], atol=1e-6)
