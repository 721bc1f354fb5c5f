"""Early stopping that remembers its patience."""

import math
from types import SimpleNamespace
from typing import Any

from mmengine.logging import MessageHub, MMLogger

from trimodal.engine.hooks import EarlyStoppingHook
from trimodal.registry import HOOKS


def new_runner(hub: MessageHub) -> Any:
    loop = SimpleNamespace(stop_training=False)
    logger = MMLogger.get_instance('early')
    return SimpleNamespace(train_loop=loop, message_hub=hub, logger=logger)


def test_configs_get_ours():
    hook = HOOKS.build({'type': 'EarlyStoppingHook', 'monitor': 'acc'})
    assert type(hook) is EarlyStoppingHook


def test_patience_goes_on_after_a_resume():
    """Scores 1, 0.5 | resume | 0.4: two waits in all, patience is 2."""
    hub = MessageHub('one')
    runner, hook = new_runner(hub), EarlyStoppingHook('acc', patience=2)
    hook.before_train(runner)
    hook.after_val_epoch(runner, {'acc': 1.0})
    hook.after_val_epoch(runner, {'acc': 0.5})
    assert not runner.train_loop.stop_training
    other_hub = MessageHub('two')
    other_hub.load_state_dict(hub.state_dict())
    runner, hook = new_runner(other_hub), EarlyStoppingHook('acc', patience=2)
    assert hook.best_score == -math.inf
    hook.before_train(runner)
    assert (hook.best_score, hook.wait_count) == (1.0, 1)
    hook.after_val_epoch(runner, {'acc': 0.4})
    assert runner.train_loop.stop_training


def test_a_stopped_run_stays_stopped_unless_given_more_patience():
    hub = MessageHub('three')
    state = {'wait_count': 3, 'best_score': 1.0}
    hub.update_info('early_stopping', state)
    for patience, stopped in ((3, True), (4, False)):
        runner = new_runner(hub)
        EarlyStoppingHook('acc', patience=patience).before_train(runner)
        assert runner.train_loop.stop_training is stopped


def test_testing_does_not_build_the_train_loop():
    EarlyStoppingHook('acc').before_run(SimpleNamespace())
