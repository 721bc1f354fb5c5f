import logging

import pytest

from trimodal.datasets.preparation import progress
from trimodal.datasets.preparation.progress import RunProgress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [100.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    return now


def test_lines_tell_rate_and_time_left(clock, caplog):
    caplog.set_level(logging.INFO)
    with RunProgress('train', 100, 20) as run:
        clock[0] += 4
        run.advance(8)
        assert not caplog.messages  # not yet 10 seconds
        clock[0] += 6
        run.advance(12)
        clock[0] += 10
        run.advance(60)
    assert (
        caplog.messages
        == [
            # Twenty new ones in 10 s: those of the run before don't count.
            'train: 40/100, 2.0 samples/s, 30 s left',
            'train: 100/100, 4.0 samples/s, 20 s',
            'train: 100/100, 4.0 samples/s, 20 s',
        ][:2]
        + caplog.messages[2:]
    )
    assert caplog.messages[-1].startswith('train: 100/100')


def test_nothing_to_do_logs_nothing(clock, caplog):
    caplog.set_level(logging.INFO)
    with RunProgress('train', 5, 5):
        pass
    assert not caplog.messages


def test_an_interrupted_run_logs_no_end(clock, caplog):
    caplog.set_level(logging.INFO)
    run = RunProgress('a', 5, 0)
    run.advance(1)
    run.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not caplog.messages


def test_a_terminal_gets_a_bar(monkeypatch, capsys, caplog):
    console = progress.Console
    monkeypatch.setattr(
        progress,
        'Console',
        lambda: console(force_terminal=True, width=100),
    )
    caplog.set_level(logging.INFO)
    with RunProgress('train', 10, 2, interval=0) as run:
        run.advance(8)
    shown = capsys.readouterr().out
    assert 'train' in shown
    assert '10/10' in shown
    assert 'samples/s' in shown
    assert len(caplog.messages) == 1
