"""The end of a training is that of the test which follows it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mmengine.runner import Runner

from trimodal.engine.hooks.logger_hook import LoggerHook
from trimodal.engine.hooks.report_hook import ReportHook


@contextmanager
def one_ending(runner: Runner, tested: bool) -> Iterator[None]:
    """Around a training and its test: one log, and one report of both.

    Also when one of them fails or is interrupted, as soon as the training
    has begun.

    Args:
        runner (Runner): Its hooks are asked.
        tested (bool): Whether a test follows if the config has one.
    """
    with ExitStack() as ends:
        for hook in runner.hooks:
            if isinstance(hook, LoggerHook | ReportHook):
                hook.test_follows = tested and runner._test_loop is not None
                # The last first: the log tells of the report.
                ends.callback(hook.finish, runner)
        yield
