"""The trace holds the iterations that were asked for."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook

from tests.engine.hooks.test_random_state_hook import assert_same
from tests.engine.toy import write_config
from trimodal.engine.hooks import PyTorchProfilerHook
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS

EXTRA = """
custom_hooks += [dict(type='PyTorchProfilerHook', {})]
train_cfg['max_epochs'] = 2
"""


@HOOKS.register_module()
class FailHook(Hook):
    """Ends a training with an error."""

    def after_train_iter(self, runner: Any, batch_idx: int, **_: Any) -> None:
        if batch_idx == 3:
            raise RuntimeError('as it happens')


def run(folder: Path, name: str, hook: str) -> Path:
    config = write_config(folder, name, EXTRA.format(hook))
    train(config, TrainOptions(work_dir=str(folder / name), test=False))
    (profile,) = (folder / name).glob('*/profile')
    return profile


def test_trace_and_table(tmp_path: Path):
    """Iterations 6 and 7 of 12: an epoch ends between them."""
    hook = 'wait=4, warmup=1, active=2'
    folder = run(tmp_path, 'trace', hook)
    (trace,) = folder.glob('rank_0.*.pt.trace.json.gz')
    events = json.loads(gzip.decompress(trace.read_bytes()))['traceEvents']
    names = [event.get('name') for event in events if event.get('ph') == 'X']
    for part in ('preprocessing', 'backward', 'optimizer'):
        assert names.count(part) >= 2, part
    # Two of training, and those of the validation in between.
    assert names.count('forward') == 2 + 3
    assert names.count('validation') == 1
    assert 'EMAHook.after_train_iter' in names
    assert 'aten::addmm' in names
    steps = {name for name in names if str(name).startswith('ProfilerStep')}
    assert steps == {'ProfilerStep#5', 'ProfilerStep#6'}
    assert 'aten::addmm' in (folder / 'top_ops.txt').read_text()


def test_shapes_memory_and_the_length_of_the_table(tmp_path: Path):
    hook = 'active=1, record_shapes=True, profile_memory=True, row_limit=3'
    folder = run(tmp_path, 'more', hook)
    (trace,) = folder.glob('*.pt.trace.json.gz')
    text = gzip.decompress(trace.read_bytes()).decode()
    assert '"Input Dims"' in text
    assert '[memory]' in text
    table = (folder / 'top_ops.txt').read_text()
    rows = [line for line in table.splitlines() if 'aten::' in line]
    assert len(rows) <= 3


def test_each_repeat_has_a_trace(tmp_path: Path):
    hook = 'wait=0, warmup=1, active=1, repeat=3'
    folder = run(tmp_path, 'repeat', hook)
    assert len([*folder.glob('*.pt.trace.json.gz')]) == 3


def test_a_run_that_fails_leaves_what_there_is(tmp_path: Path, repo_root):
    """And ends with its error, not with a crash of the profiler."""
    extra = EXTRA.format('wait=0, warmup=0, active=9')
    extra += (
        "custom_hooks += [dict(type='FailHook')]\n"
        "custom_imports['imports'] += ["
        "'tests.engine.hooks.test_pytorch_profiler_hook']\n"
    )
    config, work_dir = write_config(tmp_path, 'a', extra), tmp_path / 'w'
    done = subprocess.run(
        [sys.executable, 'tools/train.py', config, '--work-dir', work_dir],
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert 'as it happens' in done.stderr
    (trace,) = work_dir.glob('*/profile/*.pt.trace.json.gz')
    events = json.loads(gzip.decompress(trace.read_bytes()))['traceEvents']
    assert {'backward', 'optimizer'} <= {event.get('name') for event in events}


def test_a_run_that_is_too_short_says_so(tmp_path: Path):
    folder = run(tmp_path, 'short', 'wait=20')
    assert not [*folder.iterdir()]
    log = next((tmp_path / 'short').glob('*/*.log')).read_text()
    (line,) = [x for x in log.splitlines() if 'Nothing was profiled' in x]
    assert line.endswith(
        'Nothing was profiled: the run has 12 iterations, of which wait and '
        "warmup take 21; train longer, or have dict(type='PyTorchProfilerHook'"
        ', wait=0, warmup=0) among custom_hooks'
    )


@pytest.mark.parametrize('by_key', [False, True])
def test_a_fast_dev_run_is_profiled(tmp_path: Path, by_key: bool):
    extra = EXTRA.format('wait=2, warmup=3') if by_key else ''
    options = TrainOptions(
        work_dir=str(tmp_path),
        fast_dev_run=True,
        profiler=None if by_key else 'pytorch',
    )
    train(write_config(tmp_path, 'fast', extra), options)
    (folder,) = tmp_path.glob('fast_dev_run/*/profile')
    (trace,) = folder.glob('rank_0.*.pt.trace.json.gz')
    events = json.loads(gzip.decompress(trace.read_bytes()))['traceEvents']
    names = [event.get('name') for event in events if event.get('ph') == 'X']
    assert names.count('backward') == 1
    assert 'ProfilerStep#0' in names
    assert names.count('validation') == 1  # comes before the end
    assert 'aten::addmm' in (folder / 'top_ops.txt').read_text()
    log = next(tmp_path.glob('fast_dev_run/*/*.log')).read_text()
    assert 'Nothing was profiled' not in log


def test_profiling_changes_nothing(tmp_path: Path):
    run(tmp_path, 'profiled', '')
    config = write_config(tmp_path, 'plain', "train_cfg['max_epochs'] = 2\n")
    train(config, TrainOptions(work_dir=str(tmp_path / 'plain'), test=False))
    ours, theirs = (
        torch.load(tmp_path / name / 'epoch_2.pth')
        for name in ('profiled', 'plain')
    )
    for part in ('state_dict', 'optimizer', 'random_state'):
        assert_same(ours[part], theirs[part], part)


def test_arguments():
    with pytest.raises(ValueError, match='wait must be >= 0'):
        PyTorchProfilerHook(wait=-1)
    with pytest.raises(ValueError, match='active must be larger than 0'):
        PyTorchProfilerHook(active=0)
