"""What all weightings hold to: any number of processes and batches."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.multiprocessing as mp
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import Tensor
from torch import distributed as dist

from tests.engine.hooks.test_random_state_hook import assert_same
from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import Killed
from tests.models.objectives.tasks import (
    WEIGHTINGS,
    batch,
    losses_of,
    make,
    part,
)
from trimodal.engine.runner import TrainOptions, train

MOVING = {'grad_norm': ['grad_norm'], 'two': ['pc_grad', 'uncertainty']}
# Both halves have as many labels, and as many values, in the first two; then
# only the second half has values, and at last there are none.
BATCHES = [
    batch([0, 1, 1, 0, 1, 0, 0, 1], [3.0, None, -2, 1, None, 2, -1, 0], 0),
    batch([1, 1, None, 0, 0, None, 1, 0], [1.0, 2, 3, -4, 1, 5, 2, 1], 1),
    batch([0, 1, 1, 1, 0, 0, 1, 0], [None] * 4 + [1.0, 2, -3, 4], 2),
    batch([0, 1, 1, 1, 0, 0, 1, 0], [None] * 8, 3),
]


def trained(
    name: str,
    rows: list[slice],
    count: int = len(BATCHES),
    wrap: Callable[[Any], Any] = lambda model: model,
    wrapper: type[OptimWrapper] = OptimWrapper,
    **options: Any,
) -> tuple[dict[str, Tensor], list[float]]:
    """The weights after steps on parts of batches, and what was logged."""
    model = make(name).train()
    run = wrap(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    steps = wrapper(
        optimizer=optimizer, accumulative_counts=len(rows), **options
    )
    logged = []
    for data in BATCHES[:count]:
        for wanted in rows:
            log = run.train_step(part(data, wanted), steps)
        logged += [float(log[f'weight/{task}']) for task in ('cls', 'value')]
    return {k: v.clone() for k, v in model.state_dict().items()}, logged


def assert_alike(ours: dict, theirs: dict) -> None:
    for name, value in ours.items():
        torch.testing.assert_close(
            value, theirs[name], msg=name, equal_nan=True
        )


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    meet = f'file://{folder}/meet'
    dist.init_process_group('gloo', meet, rank=rank, world_size=2)
    rows = slice(4 * rank, 4 * rank + 4)
    halves = [slice(4 * rank, 4 * rank + 2), slice(4 * rank + 2, 4 * rank + 4)]
    for name in WEIGHTINGS:
        for label, parts in (('whole', [rows]), ('halves', halves)):
            got = trained(name, parts, wrap=MMDistributedDataParallel)
            torch.save(got, Path(folder) / f'{name}{label}{rank}.pt')
    dist.destroy_process_group()


def test_two_processes_make_the_steps_of_one(tmp_path: Path):
    """Also where one of them, or both, lack a task."""
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    for name in WEIGHTINGS:
        alone, logged = trained(name, [slice(0, 8)])
        for label in ('whole', 'halves'):
            (first, one), (second, other) = (
                torch.load(tmp_path / f'{name}{label}{rank}.pt')
                for rank in range(2)
            )
            assert one == other
            for key, value in first.items():
                assert torch.equal(
                    value.nan_to_num(), second[key].nan_to_num()
                )
            if label == 'whole':
                assert_alike(first, alone)
                assert one == pytest.approx(logged, rel=1e-4)


@pytest.mark.parametrize('name', WEIGHTINGS)
def test_accumulated_batches_make_the_step_of_one(name: str):
    halves = [slice(0, 4), slice(4, 8)]
    ours, _ = trained(name, halves, count=2)
    whole, _ = trained(name, [slice(0, 8)], count=2)
    assert_alike(ours, whole)


@pytest.mark.parametrize('name', WEIGHTINGS)
def test_a_task_that_nobody_has_disturbs_nothing(name: str):
    """The last two batches: the weights stay where they make sense."""
    state, logged = trained(name, [slice(0, 8)])
    assert all(value.isfinite().all() for value in state.values())
    # Small gradients that others contradict are asked for more than once.
    assert all(0 < w < (99 if name == 'pc_grad' else 4) for w in logged)
    model = make(name).train()
    lacking, untouched = BATCHES[-1], make(name)
    total, log = model.parse_losses(losses_of(model, lacking))
    assert log['value.loss_square'] == 0
    total.backward()
    assert all(p.grad is not None for p in model.parameters())
    assert not any(p.grad.any() for p in model.heads['value'].parameters())
    if name == 'grad_norm':
        torch.testing.assert_close(
            model.objectives['0'].weights, untouched.objectives['0'].weights
        )
    if name == 'uncertainty':
        assert model.objectives['0'].log_variances.grad[1] == 0


@pytest.mark.parametrize('name', WEIGHTINGS)
def test_a_sample_without_a_value_trains_the_classes(name: str):
    model = make(name).train()
    data = batch([1, 0], [2.0, None])
    total, _ = model.parse_losses(losses_of(model, data))
    total.backward()
    with_label = batch([1, None], [2.0, None])
    other = make(name).train()
    total, _ = other.parse_losses(losses_of(other, with_label))
    total.backward()
    ours, theirs = (
        m.heads['value'].linear.weight.grad for m in (model, other)
    )
    torch.testing.assert_close(ours, theirs)
    ours, theirs = (
        m.heads['cls'].layers[1].weight.grad for m in (model, other)
    )
    assert not torch.allclose(ours, theirs)


@pytest.mark.parametrize('name', WEIGHTINGS)
def test_bfloat16_is_about_the_same(name: str):
    exact, _ = trained(name, [slice(0, 8)], count=1)
    rough, logged = trained(
        name, [slice(0, 8)], count=1, wrapper=AmpOptimWrapper
    )
    start = make(name).state_dict()
    assert all(0 < weight < 4 for weight in logged)
    for key, value in rough.items():
        if key.startswith(('encoders', 'fusion', 'heads')):
            step = (exact[key] - start[key]).norm()
            assert (value - exact[key]).norm() < 0.1 * step + 1e-6, key


@pytest.mark.parametrize('name', WEIGHTINGS)
def test_gradients_are_clipped(name: str):
    start = make(name).state_dict()
    got, _ = trained(
        name, [slice(0, 8)], count=1, clip_grad={'max_norm': 0.01}
    )
    learned = [n for n, _ in make(name).named_parameters()]
    steps = torch.cat([(got[n] - start[n]).flatten() for n in learned])
    assert steps.norm().item() == pytest.approx(0.1 * 0.01, rel=1e-3)


@pytest.mark.parametrize('name', WEIGHTINGS)
def test_evaluation_and_copies_move_nothing(name: str):
    model = make(name).train()
    losses_of(model, BATCHES[0])
    copied = deepcopy(model)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    copied.parse_losses(losses_of(copied, BATCHES[1]))[0].backward()
    assert all(p.grad is None for p in model.parameters())
    assert all(p.grad is not None for p in copied.parameters())
    with torch.no_grad():
        losses_of(model, BATCHES[1])
    losses_of(model.eval(), BATCHES[1])
    assert_alike(before, model.state_dict())


RUN = """
custom_imports['imports'] += ['tests.models.objectives.tasks']
model['heads']['value'] = dict(type='ToyValueHead', in_channels=8, every=3)
model['objectives'] = {weightings}
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=0.05), accumulative_counts=2,
    clip_grad=dict(max_norm=1.0))
train_cfg['max_epochs'] = 2
"""
KILL = "custom_hooks += [dict(type='KillHook', stage='after_train_iter', "


@pytest.mark.parametrize('name', MOVING)
def test_resume_is_exact_and_weights_are_logged(tmp_path: Path, name: str):
    weightings = {item: WEIGHTINGS[item] for item in MOVING[name]}
    extra = RUN.format(weightings=weightings)
    straight = write_fusion(tmp_path, 'straight', extra)
    killed = write_fusion(tmp_path, 'killed', f'{extra}{KILL}epoch=1)]\n')
    options = [
        TrainOptions(work_dir=str(tmp_path / folder), test=False, amp=True)
        for folder in ('ours', 'theirs')
    ]
    train(straight, options[0])
    with pytest.raises(Killed):
        train(killed, options[1])
    again = TrainOptions(
        work_dir=options[1].work_dir, test=False, amp=True, resume='auto'
    )
    train(straight, again)
    ours, theirs = (
        torch.load(tmp_path / folder / 'epoch_2.pth')
        for folder in ('ours', 'theirs')
    )
    for key in ('state_dict', 'optimizer'):
        assert_same(ours[key], theirs[key], key)
    history = ours['message_hub']['log_scalars']['train/weight/value']
    weights = history['log_history']
    assert len(weights) == 12
    assert len(set(weights.tolist())) > 3


def test_tasks_that_do_not_fit():
    with pytest.raises(ValueError, match='at least one and each once'):
        make({'type': 'PCGrad', 'tasks': ('cls', 'cls')})
    with pytest.raises(ValueError, match='at least one'):
        make({'type': 'FixedWeights', 'weights': {}})
    with pytest.raises(ValueError, match=r"heads of the model, .*\['boxes'\]"):
        make({'type': 'GradNorm', 'tasks': ('cls', 'boxes')})
    with pytest.raises(ValueError, match=r"\['cls', 'value'\] are weighted"):
        make('fixed', 'uncertainty')
    with pytest.raises(ValueError, match='PCGrad and PCGrad'):
        make('pc_grad', 'pc_grad')
    apart = make(
        {'type': 'FixedWeights', 'weights': {'value': 2.0}},
        {'type': 'UncertaintyWeights', 'tasks': ('cls',)},
    )
    assert {'weight/cls', 'weight/value'} <= set(losses_of(apart, BATCHES[0]))


def test_a_head_without_a_loss():
    model = make('fixed')
    weighting = model.objectives['0']
    losses = {'cls.loss_cls': torch.ones(()), 'value.mean': torch.ones(())}
    with pytest.raises(ValueError, match=r"have a loss, got \['value'\]"):
        weighting.weigh(losses)


@pytest.mark.parametrize('name', ['fixed', 'uncertainty', 'grad_norm'])
@pytest.mark.parametrize('first', [True, False])
def test_pc_grad_goes_after_any_other(name: str, first: bool):
    """Wherever it stands; the weights multiply."""
    parts = (name, 'pc_grad') if first else ('pc_grad', name)
    model = make(*parts).train()
    losses = losses_of(model, BATCHES[0])
    values = losses_of(make(name).train(), BATCHES[0])
    for key in ('cls.loss_cls', 'value.loss_size'):
        torch.testing.assert_close(losses[key], values[key])
    assert losses['weight/cls'] >= values['weight/cls']
    model.parse_losses(losses)[0].backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
