"""Learning rates point by point against torch's, also after a resume."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from torch.optim import lr_scheduler as theirs

from tests.engine.toy import Killed, write_config
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS, PARAM_SCHEDULERS

STEPS, WARMUP, LR = 24, 6, 0.4
Build = Callable[[torch.optim.Optimizer], Any]
BACK = 0.1


def after_warmup(main: Build, warmup: int = WARMUP) -> Build:
    """A linear warm-up that has reached its end in its last step."""

    def build(optimizer: torch.optim.Optimizer) -> Any:
        linear = theirs.LinearLR(optimizer, 0.1, 1.0, warmup - 1)
        parts = [linear, main(optimizer)]
        return theirs.SequentialLR(optimizer, parts, [warmup])

    return build


def cosine(steps: int, eta_min: float = 0.0) -> Build:
    return lambda o: theirs.CosineAnnealingLR(o, steps, eta_min)


def poly(steps: int, power: float) -> Build:
    return lambda o: theirs.PolynomialLR(o, steps - 1, power)


def one_cycle(steps: int, **options: Any) -> Build:
    return lambda o: theirs.OneCycleLR(
        o, LR, total_steps=steps, cycle_momentum=False, **options
    )


LINEAR = {'type': 'LinearLR', 'start_factor': 0.1, 'end': WARMUP}
REST = {'begin': WARMUP, 'end': STEPS}
# By name: our configs, and what torch has for them.
CURVES: dict[str, tuple[list[dict], Build]] = {
    'cosine': (
        [{'type': 'CosineAnnealingLR', 'T_max': STEPS, 'eta_min': 0.01}],
        cosine(STEPS, 0.01),
    ),
    'warm-up, cosine': (
        [LINEAR, {'type': 'CosineAnnealingLR', **REST}],
        after_warmup(cosine(STEPS - WARMUP)),
    ),
    'linear': (
        [
            {
                'type': 'LinearLR',
                'start_factor': 1.0,
                'end_factor': 0.2,
                'end': STEPS,
            }
        ],
        lambda o: theirs.LinearLR(o, 1.0, 0.2, STEPS - 1),
    ),
    'polynomial': (
        [{'type': 'PolyLR', 'power': 0.9, 'end': STEPS}],
        poly(STEPS, 0.9),
    ),
    'warm-up, polynomial': (
        [LINEAR, {'type': 'PolyLR', 'power': 2.0, **REST}],
        after_warmup(poly(STEPS - WARMUP, 2.0)),
    ),
    'one cycle': (
        [{'type': 'OneCycleLR', 'eta_max': LR, 'total_steps': STEPS}],
        one_cycle(STEPS),
    ),
    'one cycle of three phases, linear': (
        [
            {
                'type': 'OneCycleLR',
                'eta_max': LR,
                'total_steps': STEPS,
                'pct_start': 0.25,
                'three_phase': True,
                'anneal_strategy': 'linear',
            }
        ],
        one_cycle(
            STEPS, pct_start=0.25, three_phase=True, anneal_strategy='linear'
        ),
    ),
    'steps': (
        [{'type': 'StepLR', 'step_size': 5, 'gamma': 0.3}],
        lambda o: theirs.StepLR(o, 5, 0.3),
    ),
    'milestones': (
        [{'type': 'MultiStepLR', 'milestones': [4, 9], 'gamma': 0.5}],
        lambda o: theirs.MultiStepLR(o, [4, 9], 0.5),
    ),
    'exponential': (
        [{'type': 'ExponentialLR', 'gamma': 0.9}],
        lambda o: theirs.ExponentialLR(o, 0.9),
    ),
    'constant': (
        [{'type': 'ConstantLR', 'factor': 0.5, 'end': 8}],
        lambda o: theirs.ConstantLR(o, 0.5, 7),
    ),
    'restarts': (
        [
            {
                'type': 'CosineRestartLR',
                'periods': [8, 8, 8],
                'restart_weights': [1, 1, 1],
                'eta_min': 0.0,
            }
        ],
        lambda o: theirs.CosineAnnealingWarmRestarts(o, 8),
    ),
}


def make_optimizer() -> torch.optim.Optimizer:
    """Two groups with different rates."""
    a, b = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    groups = [{'params': [a]}, {'params': [b], 'lr': BACK * LR}]
    return torch.optim.SGD(groups, lr=LR, momentum=0.9)


class Ours:
    """Schedulers of mmengine over an optimizer, one after the other."""

    def __init__(self, configs: list[dict]) -> None:
        self.optimizer = make_optimizer()
        self.wrapper = OptimWrapper(self.optimizer)
        self.schedulers = [
            PARAM_SCHEDULERS.build(
                {'by_epoch': False, **cfg, 'optimizer': self.wrapper}
            )
            for cfg in configs
        ]

    def step(self) -> None:
        for scheduler in self.schedulers:
            scheduler.step()

    def again(self, configs: list[dict]) -> 'Ours':
        """Others that go on from what these would save."""
        other = Ours(configs)
        other.wrapper.load_state_dict(self.wrapper.state_dict())
        for new, old in zip(other.schedulers, self.schedulers, strict=True):
            new.load_state_dict(old.state_dict())
        return other


def rates(optimizer: torch.optim.Optimizer) -> list[float]:
    return [group['lr'] for group in optimizer.param_groups]


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('name', CURVES)
def test_curve(name: str):
    """Every step, both groups; in between all is saved and loaded."""
    configs, build = CURVES[name]
    ours, optimizer = Ours(configs), make_optimizer()
    scheduler = build(optimizer)
    seen = []
    for step in range(STEPS):
        assert rates(ours.optimizer) == pytest.approx(
            rates(optimizer), rel=1e-9, abs=1e-12
        ), step
        seen.append(rates(optimizer)[0])
        if step in (3, 7, 15):
            ours = ours.again(configs)
        if step < STEPS - 1:
            ours.step()
            optimizer.step()
            scheduler.step()
    assert len(set(seen)) > 1


@pytest.mark.parametrize('rule', ['less', 'greater'])
def test_plateau(rule: str):
    """Reduced where torch reduces; the wait goes on after a resume."""
    values = [3, 2, 2.5, 2.1, 2.2, 1.9, 1.95, 1.93, 2, 4, 1, 1, 1, 1, 1, 1.0]
    if rule == 'greater':
        values = [8 - value for value in values]
    options = {'factor': 0.5, 'patience': 1, 'cooldown': 1}
    cfg = {'type': 'ReduceOnPlateauLR', 'monitor': 'x', 'rule': rule}
    configs = [{**cfg, **options, 'by_epoch': True}]
    ours, optimizer = Ours(configs), make_optimizer()
    mode = {'less': 'min', 'greater': 'max'}[rule]
    scheduler = theirs.ReduceLROnPlateau(optimizer, mode, **options)
    for step, value in enumerate(values):
        ours.step()
        for plateau in ours.schedulers:
            plateau.step({'x': value})
        scheduler.step(value)
        assert rates(ours.optimizer) == pytest.approx(rates(optimizer))
        if step in (2, 6, 11):
            ours = ours.again(configs)
    assert rates(optimizer)[0] <= LR / 4


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize(
    ('config', 'expected'),
    [
        (
            {'type': 'LinearMomentum', 'start_factor': 0.5, 'end': 5},
            [0.45 + 0.45 * step / 4 for step in range(5)] + [0.9] * 3,
        ),
        (
            {'type': 'StepMomentum', 'step_size': 3, 'gamma': 0.5},
            [0.9] * 3 + [0.45] * 3 + [0.225] * 2,
        ),
    ],
)
def test_momentum(config: dict, expected: list[float]):
    """That of SGD, by hand; of Adam it is the first of its betas."""
    sgd = Ours([config])
    adam = OptimWrapper(torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]))
    scheduler = PARAM_SCHEDULERS.build(
        {'by_epoch': False, **config, 'optimizer': adam}
    )
    for value in expected:
        group = sgd.optimizer.param_groups[0]
        assert group['momentum'] == pytest.approx(value)
        beta, other = adam.param_groups[0]['betas']
        assert (beta, other) == (pytest.approx(value), 0.999)
        sgd.step()
        scheduler.step()


@HOOKS.register_module()
class RateWriter(Hook):
    """Writes the rate of each iteration to a file, before it is taken."""

    def __init__(self, path: str) -> None:
        self.path = path

    def before_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        rate = runner.optim_wrapper.param_groups[0]['lr']
        with open(self.path, 'a') as file:
            file.write(f'{runner.iter} {rate!r}\n')


# 6 iterations an epoch. By name: schedulers, and what torch has for them.
RUNS: dict[str, tuple[str, Build]] = {
    'warm-up of 4 iterations, cosine over epochs': (
        """[
    dict(type='LinearLR', start_factor=0.1, end=4, by_epoch=False),
    dict(type='CosineAnnealingLR', T_max=4, end=4, by_epoch=True,
         convert_to_iter_based=True)]""",
        lambda o: theirs.ChainedScheduler(
            [theirs.LinearLR(o, 0.1, 1.0, 3), theirs.CosineAnnealingLR(o, 24)]
        ),
    ),
    'warm-up of an epoch, polynomial': (
        """[
    dict(type='LinearLR', start_factor=0.1, end=1, by_epoch=True,
         convert_to_iter_based=True),
    dict(type='PolyLR', power=0.9, begin=1, end=4, by_epoch=True,
         convert_to_iter_based=True)]""",
        after_warmup(poly(18, 0.9), 6),
    ),
    'one cycle': (
        """dict(type='OneCycleLR', eta_max=0.4, total_steps=4,
    by_epoch=True, convert_to_iter_based=True)""",
        one_cycle(24),
    ),
}


# 8 epochs of 2 iterations; a rate stays through an epoch.
BY_EPOCH: dict[str, tuple[str, Build]] = {
    'warm-up, cosine': (
        """[
    dict(type='LinearLR', start_factor=0.1, end=3),
    dict(type='CosineAnnealingLR', begin=3, T_max=5, eta_min=0.01)]""",
        after_warmup(cosine(5, 0.01), 3),
    ),
    'warm-up, polynomial': (
        """[
    dict(type='LinearLR', start_factor=0.1, end=2, by_epoch=True),
    dict(type='PolyLR', power=0.9, begin=2)]""",
        after_warmup(poly(6, 0.9), 2),
    ),
    'one cycle': (
        """dict(type='OneCycleLR', eta_max=0.4, by_epoch=True)""",
        one_cycle(8),
    ),
    'milestones': (
        """dict(type='MultiStepLR', milestones=[3, 6], gamma=0.5)""",
        lambda o: theirs.MultiStepLR(o, [3, 6], 0.5),
    ),
}


def assert_rates(
    folder: Path, extra: str, kill: str, build: Build, each: int = 1
) -> None:
    """Those of a killed and resumed run against torch's.

    Args:
        folder: For both.
        extra: Of the config; with the schedules.
        kill: Arguments of the hook that kills.
        build: Torch's scheduler; it steps after ``each`` iterations.
        each: How many.
    """
    log = folder / 'rates.txt'
    hook = f"dict(type='RateWriter', path='{log}')"
    extra = (
        'custom_imports["imports"] += ["tests.engine.optim.test_schedules"]\n'
        f'optim_wrapper = dict(optimizer=dict(type="SGD", lr={LR}))\n{extra}'
    )
    kill = f", dict(type='KillHook', {kill})"
    options: dict[str, Any] = {'work_dir': str(folder / 'w'), 'test': False}
    killed = write_config(
        folder, 'killed', f'{extra}custom_hooks = [{hook}{kill}]\n'
    )
    with pytest.raises(Killed):
        train(killed, TrainOptions(**options))
    whole = write_config(folder, 'whole', f'{extra}custom_hooks = [{hook}]\n')
    train(whole, TrainOptions(**options, resume='auto'))
    lines = [line.split() for line in log.read_text().splitlines()]
    assert [int(step) for step, _ in lines] == [*range(len(lines))]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    scheduler = build(optimizer)
    for step, (_, rate) in enumerate(lines):
        if step and step % each == 0:
            optimizer.step()
            scheduler.step()
        assert float(rate) == pytest.approx(rates(optimizer)[0], rel=1e-9)
    assert len({rate for _, rate in lines}) > 1


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('name', RUNS)
def test_curve_of_a_run(name: str, tmp_path: Path):
    """Killed in its third epoch and resumed."""
    schedulers, build = RUNS[name]
    extra = f'param_scheduler = {schedulers}\ntrain_cfg["val_interval"] = 9\n'
    kill = "stage='before_train_epoch', epoch=2"
    assert_rates(tmp_path, extra, kill, build)
    log = (tmp_path / 'rates.txt').read_text()
    assert len(log.splitlines()) == STEPS


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('name', BY_EPOCH)
def test_curve_of_a_run_by_epoch(name: str, tmp_path: Path):
    """Not converted; killed in its fifth epoch and resumed."""
    schedulers, build = BY_EPOCH[name]
    extra = (
        f'param_scheduler = {schedulers}\n'
        'train_cfg.update(max_epochs=8, val_interval=9)\n'
        "train_dataloader['dataset']['size'] = 8\n"
    )
    kill = "stage='before_train_epoch', epoch=4"
    assert_rates(tmp_path, extra, kill, build, each=2)
    log = (tmp_path / 'rates.txt').read_text()
    assert len(log.splitlines()) == 16


def test_plateau_of_a_run(tmp_path: Path):
    """It looks at the validations: one that can't improve, each epoch."""
    log = tmp_path / 'rates.txt'
    config = write_config(
        tmp_path,
        'plateau',
        'custom_imports["imports"] += ["tests.engine.optim.test_schedules"]\n'
        f'custom_hooks = [dict(type="RateWriter", path="{log}")]\n'
        f'optim_wrapper = dict(optimizer=dict(type="SGD", lr={LR}))\n'
        'param_scheduler = dict(type="ReduceOnPlateauLR", rule="greater",\n'
        '    monitor="accuracy/top1", factor=0.5, patience=0,\n'
        '    threshold=9.0, threshold_rule="abs")\n',
    )
    train(config, TrainOptions(work_dir=str(tmp_path / 'w'), test=False))
    found = [float(line.split()[1]) for line in log.read_text().splitlines()]
    # The first validation is an improvement over none.
    by_epoch = [LR, LR, LR / 2, LR / 4]
    assert found == [rate for rate in by_epoch for _ in range(6)]
