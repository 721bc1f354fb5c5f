"""Samples a second with a clock of our own, and memory as the kernel says."""

import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.multiprocessing as mp
from mmengine.logging import MessageHub
from torch import distributed as dist

from tests.engine.toy import write_config
from trimodal.engine.hooks import (
    ThroughputMonitorHook,
    throughput_monitor_hook,
)
from trimodal.engine.hooks.throughput_monitor_hook import MIB, peak_memory
from trimodal.engine.runner import TrainOptions, train
from trimodal.visualization import load_scalars


def new_runner():
    hub = MessageHub.get_instance('throughput')
    return SimpleNamespace(iter=0, message_hub=hub)


def test_samples_a_second(monkeypatch):
    """Iterations of 2 s with 4 samples, a validation of 100 s between."""
    now = [0.0]
    clock = SimpleNamespace(perf_counter=lambda: now[0])
    monkeypatch.setattr(throughput_monitor_hook, 'time', clock)
    hook, runner = ThroughputMonitorHook(interval=2), new_runner()
    batch = {'inputs': {'a': [0] * 4}, 'data_samples': [0] * 4}
    hook.before_train(runner)
    now[0] += 50
    hook.before_train_epoch(runner)
    for runner.iter in range(4):
        now[0] += 2
        hook.after_train_iter(runner, runner.iter, batch)
        if runner.iter == 2:
            now[0] += 100
            hook.after_val(runner)
    speeds = runner.message_hub.get_scalar('train/samples_per_second').data[0]
    assert speeds.tolist() == [2.0, 2.0]
    saved = runner.message_hub.state_dict()['log_scalars']
    assert 'train/samples_per_second' not in saved


def test_memory_is_the_most_that_was_held(monkeypatch):
    before = peak_memory()
    block = torch.ones(int(before) * 2**18)  # as much again
    held = block.nbytes / MIB
    after = peak_memory()
    assert held <= after <= before + held + 64
    del block
    assert peak_memory() >= after - 8
    # Without /proc; may have the memory of the process that started us.
    monkeypatch.setattr(Path, 'is_file', lambda path: False)
    assert peak_memory() >= after - 64
    monkeypatch.setattr(throughput_monitor_hook.sys, 'platform', 'win32')
    assert math.isnan(peak_memory())


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    meet = f'file://{folder}/meet'
    dist.init_process_group('gloo', meet, rank=rank, world_size=2)
    block = torch.ones((1 + 300 * rank) * 2**18)  # 300 MiB more in the second
    hook, runner = ThroughputMonitorHook(interval=1), new_runner()
    hook.before_train(runner)
    hook.before_train_epoch(runner)
    hook._since -= 10
    hook.after_train_iter(runner, 0, {'data_samples': [0] * (20 + 40 * rank)})
    own = peak_memory()
    logged = [
        runner.message_hub.get_scalar(f'train/{key}').current()
        for key in ('samples_per_second', 'peak_memory')
    ]
    torch.save(
        [*map(float, logged), own, len(block)], Path(folder) / f'{rank}.pt'
    )
    dist.destroy_process_group()


def test_two_processes(tmp_path: Path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    first, second = (torch.load(tmp_path / f'{i}.pt') for i in range(2))
    # 20 and 60 samples in 10 s.
    assert first[0] == pytest.approx(8, rel=0.05)
    assert second[0] == pytest.approx(8, rel=0.05)
    assert first[1] == second[1] == pytest.approx(second[2], abs=1)
    assert first[2] < first[1] - 200


def test_in_the_log_and_the_loggers(tmp_path: Path):
    extra = "custom_hooks = [dict(type='ThroughputMonitorHook', interval=2)]\n"
    config = write_config(tmp_path, 'toy', extra)
    train(config, TrainOptions(work_dir=str(tmp_path / 'run'), test=False))
    curves = load_scalars(tmp_path / 'run').train
    for key in ('samples_per_second', 'peak_memory'):
        assert len(curves[key][1]) == 12
        assert (curves[key][1] > 1).all()
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    assert re.search(r'peak_memory: [\d.]+  samples_per_second: [\d.]+', log)


def test_the_interval_is_positive():
    with pytest.raises(ValueError, match=r'interval must be .* got 0'):
        ThroughputMonitorHook(interval=0)
