"""A bar on a terminal, nothing elsewhere."""

import fcntl
import io
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mmengine.logging import MessageHub
from rich.console import Console

from tests.engine.toy import write_config
from trimodal.engine.hooks import RichProgressHook

# Until nobody has the terminal open any more, which is an error there.
READ_ALL = """
import os
while True:
    try:
        data = os.read(0, 1 << 16)
    except OSError:
        break
    os.write(1, data)
"""


class Loader(list):
    pass


def new_runner() -> Any:
    logger = logging.Logger('progress')
    handler = logging.StreamHandler(sys.__stdout__)
    logger.addHandler(handler)
    loader = Loader(range(3))
    return SimpleNamespace(
        logger=logger,
        handler=handler,
        epoch=0,
        iter=0,
        max_epochs=2,
        max_iters=6,
        train_dataloader=loader,
        val_dataloader=loader,
        test_dataloader=loader,
        test_loop=SimpleNamespace(passes=2),
        message_hub=MessageHub('progress'),
    )


def console_of(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


def train_one_epoch(hook: RichProgressHook, runner: Any) -> None:
    hook.before_train(runner)
    hook.before_train_epoch(runner)
    for index in range(3):
        runner.message_hub.update_scalar('train/loss', 0.5)
        hook.after_train_iter(runner, index)
    runner.logger.info('a line of the log')
    hook.after_train_epoch(runner)
    hook.before_val(runner)
    hook.before_val_epoch(runner)
    for index in range(3):
        hook.after_val_iter(runner, index)
    hook.after_val_epoch(runner)
    hook.after_val(runner)


def test_terminal():
    console = console_of(True)
    hook, runner = RichProgressHook(console=console), new_runner()
    train_one_epoch(hook, runner)
    run = hook._progress.tasks[0]
    assert (run.description, run.completed, run.total) == ('training', 3, 6)
    assert run.fields['note'] == 'loss 0.5000'
    # The other bars have come and gone, and the display goes on.
    assert len(hook._progress.tasks) == 1
    assert runner.handler.stream is not sys.__stdout__
    hook.after_train(runner)
    assert runner.handler.stream is sys.__stdout__
    output = console.file.getvalue()
    for text in ('epoch 1/2', 'validating', 'a line of the log', '\x1b['):
        assert text in output


def test_test_counts_all_passes():
    hook, runner = RichProgressHook(console=console_of(True)), new_runner()
    hook.before_test(runner)
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0)
    task = hook._progress.tasks[0]
    assert (task.description, task.completed, task.total) == ('testing', 1, 6)
    hook.after_test_epoch(runner)
    hook.after_test(runner)
    assert hook._progress is None


def test_validation_alone_closes_the_display():
    hook, runner = RichProgressHook(console=console_of(True)), new_runner()
    hook.before_val(runner)
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0)
    hook.after_val_epoch(runner)
    hook.after_val(runner)
    assert hook._progress is None


def test_no_terminal_no_output():
    console = console_of(False)
    hook, runner = RichProgressHook(console=console), new_runner()
    train_one_epoch(hook, runner)
    hook.after_train(runner)
    assert console.file.getvalue() == ''
    assert runner.handler.stream is sys.__stdout__


def test_other_ranks_show_nothing(monkeypatch):
    from trimodal.engine.hooks import rich_progress_hook

    monkeypatch.setattr(rich_progress_hook, 'is_main_process', lambda: False)
    console = console_of(True)
    hook = RichProgressHook(console=console)
    hook.before_train(new_runner())
    assert console.file.getvalue() == ''


def test_the_log_file_stays_plain(tmp_path: Path):
    hook, runner = RichProgressHook(console=console_of(True)), new_runner()
    file = logging.FileHandler(tmp_path / 'log.txt')
    runner.logger.addHandler(file)
    train_one_epoch(hook, runner)
    hook.after_train(runner)
    file.close()
    assert (tmp_path / 'log.txt').read_text() == 'a line of the log\n'


def test_refresh_must_be_positive():
    with pytest.raises(ValueError, match=r'refresh_per_second.* got 0'):
        RichProgressHook(refresh_per_second=0)


def test_remaining_time_right_after_a_resume():
    """900 of 1000 done in another life; now 2 s an iteration."""
    now = [100.0]
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        width=100,
        get_time=lambda: now[0],
    )
    hook, runner = RichProgressHook(console=console), new_runner()
    runner.iter, runner.max_iters, runner.max_epochs = 900, 1000, 1
    hook.before_train(runner)
    (task,) = hook._progress.tasks
    assert (task.completed, task.time_remaining) == (900, None)
    for done in range(1, 6):
        now[0] += 2
        hook.after_train_iter(runner, done)
        if done > 1:
            assert task.time_remaining == 2 * (100 - done)
    hook.after_train(runner)


def run_tool(tmp_path: Path, **options: Any) -> Any:
    extra = "train_cfg['max_epochs'] = 1\n"
    config = write_config(tmp_path, 'toy', extra)
    root = Path(__file__).parents[3]
    command = [sys.executable, 'tools/train.py', config, '--no-test']
    command += ['--work-dir', str(tmp_path / 'run')]
    env = {**os.environ, 'PYTHONPATH': str(root), 'OMP_NUM_THREADS': '1'}
    return subprocess.run(command, check=True, cwd=root, env=env, **options)


def test_lines_are_as_long_as_they_are():
    """Of a run on a terminal of 40 columns; the terminal breaks them."""
    console = Console(file=io.StringIO(), force_terminal=True, width=40)
    hook, runner = RichProgressHook(console=console), new_runner()
    hook.before_train(runner)
    line = ' '.join(f'column {i}' for i in range(20))
    runner.logger.info('a table:\n%s\n[red]not markup', line)
    hook.after_train(runner)
    output = console.file.getvalue()
    assert line in output
    assert '[red]not markup' in output


def test_a_run_on_a_terminal(tmp_path: Path):
    """The whole tool, on 60 columns: a bar, and whole lines above it."""
    ours, theirs = pty.openpty()
    size = struct.pack('HHHH', 24, 60, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    # What the tool writes until its end must fit into the terminal's memory,
    # or be read meanwhile.
    reader = subprocess.Popen(
        [sys.executable, '-c', READ_ALL], stdin=ours, stdout=subprocess.PIPE
    )
    run_tool(tmp_path, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.close(ours)
    output = reader.communicate()[0].decode()
    assert '━' in output
    plain = re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', output)
    (line,) = re.findall(r'.*Epoch\(train\) \[1\]\[6/6\].*', plain)
    assert len(line) > 60
    assert 'loss: ' in line


def test_a_run_whose_output_is_a_pipe(tmp_path: Path):
    """The whole tool, as in CI: plain lines, no escapes, no bar."""
    done = run_tool(tmp_path, capture_output=True, text=True)
    output = done.stdout + done.stderr
    assert 'Epoch(train) [1][6/6]' in output
    for sign in ('\x1b', '\r', '━'):
        assert sign not in output
