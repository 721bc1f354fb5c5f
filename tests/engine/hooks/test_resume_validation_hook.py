"""When a resumed run validates first (exactness: the random state's tests)."""

from types import SimpleNamespace
from typing import Any

import pytest
from mmengine.logging import MessageHub, MMLogger
from mmengine.runner import IterBasedTrainLoop

from trimodal.engine.hooks import ResumeValidationHook

ids = iter(range(10**6))


class Validation:
    def __init__(self) -> None:
        self.runs = 0

    def run(self) -> None:
        self.runs += 1


def new_runner(
    at: int, resume: bool, hub: MessageHub, interval: int = 1
) -> Any:
    loop = SimpleNamespace(
        epoch=at,
        max_epochs=7,
        val_begin=2,
        dynamic_milestones=[0],
        dynamic_intervals=[interval],
    )
    return SimpleNamespace(
        train_loop=loop,
        val_loop=Validation(),
        message_hub=hub,
        logger=MMLogger.get_instance('resume'),
        _resume=resume,
    )


@pytest.mark.parametrize(
    ('at', 'validated_at', 'interval', 'expected'),
    [
        (3, 2, 1, 1),  # cut off
        (3, 3, 1, 0),  # done before the checkpoint was saved again
        (3, None, 1, 0),  # of plain mmengine: unknown
        (1, 0, 1, 0),  # before val_begin
        (5, 4, 2, 0),  # not due
        (6, 4, 2, 1),
        (7, 6, 2, 1),  # the last epoch is always validated
    ],
)
def test_resume(at: int, validated_at: Any, interval: int, expected: int):
    hub = MessageHub(f'hub{next(ids)}')
    if validated_at is not None:
        hub.update_info('last_validation', validated_at)
    runner = new_runner(at, True, hub, interval)
    ResumeValidationHook().before_train(runner)
    assert runner.val_loop.runs == expected


def test_a_fresh_run_notes_its_validations():
    hub, hook = MessageHub(f'hub{next(ids)}'), ResumeValidationHook()
    runner = new_runner(0, False, hub)
    hook.before_train(runner)
    assert hub.get_info('last_validation') == 0
    assert runner.val_loop.runs == 0
    runner.train_loop.epoch = 2
    hook.before_val_epoch(runner)
    assert hub.get_info('last_validation') == 2


def test_iterations_count_where_there_are_no_epochs():
    hub = MessageHub(f'hub{next(ids)}')
    hub.update_info('last_validation', 10)
    runner = new_runner(0, True, hub)
    loop = IterBasedTrainLoop.__new__(IterBasedTrainLoop)
    loop._iter, loop._max_iters, loop.val_begin = 20, 100, 1
    loop.dynamic_milestones, loop.dynamic_intervals = [0], [10]
    runner.train_loop = loop
    ResumeValidationHook().before_train(runner)
    assert runner.val_loop.runs == 1
