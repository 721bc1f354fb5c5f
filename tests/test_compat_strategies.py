"""mmengine's strategies, mended: as many processes, the same weights."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from tests.engine.forking import (
    CLOSE,
    NO_VALIDATION,
    assert_equal_weights,
    run_forked,
    train_alone,
    train_forked,
    weights,
)
from tests.engine.tiny_fusion import write_fusion
from trimodal import compat
from trimodal.engine.runner import TestOptions, test
from trimodal.registry import HOOKS

# Decay by kind of parameter and a norm that is always clipped.
ADAM = """
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=0.01, weight_decay=0.1),
    clip_grad=dict(max_norm=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
"""
DOUBLE = "train_dataloader['batch_size'] = 8\n"
FLEXIBLE = "runner_type = 'FlexibleRunner'\n"
WRAPPER = """
strategy = dict(
    type='FSDPStrategy',
    model_wrapper=dict(
        type='MMFullyShardedDataParallel',
        auto_wrap_policy=dict(
            type='torch.distributed.fsdp.wrap.size_based_auto_wrap_policy',
            min_num_params=20)))
"""
FSDP = FLEXIBLE + WRAPPER


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('strategies')


@pytest.fixture(scope='module')
def alone(folder: Path) -> Path:
    """Runner, one process, the double batch."""
    extra = NO_VALIDATION + ADAM + DOUBLE
    train_alone(write_fusion(folder, 'alone', extra), folder / 'alone')
    return folder / 'alone'


@pytest.fixture(scope='module')
def sharded(folder: Path) -> Path:
    """FSDP, two processes."""
    config = write_fusion(folder, 'sharded', NO_VALIDATION + ADAM + FSDP)
    train_forked(config, folder / 'sharded')
    return folder / 'sharded'


def test_report_names_every_strategy():
    for name in ('distributed', 'fsdp', 'deepspeed'):
        assert compat.report()[f'mmengine._strategy.{name}'] == 'mended'


def test_flexible_runner_in_one_process_is_runner(folder: Path, alone: Path):
    extra = NO_VALIDATION + ADAM + DOUBLE + FLEXIBLE
    config = write_fusion(folder, 'flexible', extra)
    train_alone(config, folder / 'flexible')
    assert_equal_weights(folder / 'flexible', alone, rtol=0, atol=0)


# 1 and 2. on the CPU, and the names of weights


def test_ddp_strategy_equals_one_process(folder: Path, alone: Path):
    config = write_fusion(folder, 'ddp', NO_VALIDATION + ADAM + FLEXIBLE)
    train_forked(config, folder / 'ddp')
    assert_equal_weights(folder / 'ddp', alone)


# 3. FSDP


def test_fsdp_equals_one_process(sharded: Path, alone: Path):
    assert_equal_weights(sharded, alone)


def test_fsdp_accumulates_and_takes_amp(folder: Path):
    """Autocast rounds alike in both; so do two halves of a batch."""
    step = "optim_wrapper['accumulative_counts'] = 2\n"
    config = write_fusion(folder, 'half', NO_VALIDATION + ADAM + step + FSDP)
    train_forked(config, folder / 'half', amp=True)
    extra = NO_VALIDATION + ADAM + DOUBLE + step
    config = write_fusion(folder, 'whole', extra)
    train_alone(config, folder / 'whole')
    assert_equal_weights(folder / 'half', folder / 'whole', rtol=0, atol=0.05)
    content = torch.load(folder / 'half' / 'epoch_2.pth')
    assert content['optimizer']['loss_scaler'] == {}
    assert content['meta']['epoch'] == 2


def test_fsdp_resumes_exactly(folder: Path, sharded: Path):
    config = str(folder / 'sharded.py')
    first = str(sharded / 'epoch_1.pth')
    train_forked(config, folder / 'resumed', resume=first)
    assert_equal_weights(folder / 'resumed', sharded, rtol=0, atol=0)
    ours, theirs = (
        torch.load(folder / name / 'epoch_2.pth')['optimizer']['state']
        for name in ('resumed', 'sharded')
    )
    for name, state in theirs.items():
        assert torch.equal(ours[name]['exp_avg_sq'], state['exp_avg_sq'])


@HOOKS.register_module()
class CountNumbersHook(Hook):
    """Writes how many numbers of the weights each process holds."""

    def after_train(self, runner) -> None:
        held = sum(p.numel() for p in runner.model.parameters())
        path = Path(runner.work_dir) / f'held_{runner.rank}'
        path.write_text(str(held))


def test_each_process_holds_a_half_and_validates(folder: Path):
    """11 samples to validate and to test: each exactly once."""
    extra = """
val_dataloader['dataset']['size'] = 11
train_cfg['max_epochs'] = 2
default_hooks = dict(checkpoint=dict(save_best='accuracy/sure'))
custom_imports['imports'].append('tests.test_compat_strategies')
custom_hooks = [dict(type='CountNumbersHook')]
"""
    config = write_fusion(folder, 'valid', ADAM + extra + FSDP)
    work_dir = folder / 'valid'
    train_forked(config, work_dir, test=True)
    whole = sum(w.numel() for w in weights(work_dir).values())
    held = [int((work_dir / f'held_{r}').read_text()) for r in (0, 1)]
    assert sum(held) == whole
    assert max(held) < 0.6 * whole
    (path,) = work_dir.glob('2*/2*.json')  # of the test in two processes
    plain = write_fusion(folder, 'plain', ADAM + extra)
    options = TestOptions(work_dir=str(folder / 'test'))
    (best,) = work_dir.glob('best*.pth')
    metrics = test(plain, str(best), options)
    found = json.loads(path.read_text())
    for name in ('accuracy/top1', 'accuracy/sure'):
        assert found[name] == pytest.approx(metrics[name], abs=1e-6)


# 4. DeepSpeed


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec('deepspeed') is None,
    reason='needs deepspeed, with DS_ACCELERATOR=cpu where there is no GPU',
)
@pytest.mark.parametrize('stage', [0, 1, 2])
def test_deepspeed_equals_one_process(folder: Path, stage: int):
    sgd = "optimizer=dict(type='SGD', lr=0.1)"
    extra = f"""
strategy = dict(
    type='DeepSpeedStrategy', zero_optimization=dict(stage={stage}))
optim_wrapper = dict(type='DeepSpeedOptimWrapper', {sgd})
"""
    name = f'deepspeed{stage}'
    config = write_fusion(folder, name, NO_VALIDATION + FLEXIBLE + extra)
    train_forked(config, folder / name)
    config = write_fusion(folder, 'basis', NO_VALIDATION + DOUBLE)
    train_alone(config, folder / 'basis')
    path = folder / name / 'epoch_2.pth' / 'mp_rank_00_model_states.pt'
    found = torch.load(path, weights_only=False)['module']
    for key, value in weights(folder / 'basis').items():
        torch.testing.assert_close(found[key], value, **CLOSE, msg=key)


def test_run_forked_passes_errors_on():
    with pytest.raises(Exception, match='no luck in process 1'):
        run_forked(fail_in_the_second)


def fail_in_the_second(rank: int) -> None:
    if rank == 1:
        raise ValueError(f'no luck in process {rank}')
