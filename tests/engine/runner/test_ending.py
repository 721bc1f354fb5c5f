"""What waits for the test ends after it, whatever happens."""

from types import SimpleNamespace
from typing import Any

import pytest
from mmengine.hooks import Hook

from trimodal.engine.hooks import LoggerHook, ReportHook
from trimodal.engine.runner.ending import one_ending


@pytest.mark.parametrize('follows', [True, False])
def test_the_report_comes_before_the_log_ends(monkeypatch, follows: bool):
    ended: list[str] = []
    hooks: list[Any] = [LoggerHook(), Hook(), ReportHook()]
    runner: Any = SimpleNamespace(hooks=hooks, _test_loop={})

    def note(hook: Hook, _: Any) -> None:
        ended.append(type(hook).__name__)

    for kind in (LoggerHook, ReportHook):
        monkeypatch.setattr(kind, 'finish', note)
    with one_ending(runner, follows):
        assert [h.test_follows for h in hooks[::2]] == [follows] * 2
        assert not ended
    assert ended == ['ReportHook', 'LoggerHook']


def test_a_config_without_a_test():
    hook: Any = ReportHook()
    with one_ending(SimpleNamespace(hooks=[hook], _test_loop=None), True):
        assert not hook.test_follows
