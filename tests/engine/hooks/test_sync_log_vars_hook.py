"""Means over two processes, in the log and for all hooks."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from tests.engine.forking import (
    NO_VALIDATION,
    run_forked,
    train_alone,
    train_forked,
)
from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.hooks import SyncLogVarsHook


def exchange(rank: int) -> None:
    dist.init_process_group('gloo')
    hook = SyncLogVarsHook()
    for step in range(3):
        outputs = {'loss': torch.tensor(1.0 + rank), 'loss_b': torch.ones(1)}
        outputs['text'] = 'kept'
        if rank == 1 and step > 0:
            outputs['only'] = torch.tensor(7.0)
        hook.after_train_iter(None, step, None, outputs)
        assert outputs['loss'] == 1.5
        assert outputs['loss_b'] == 1.0
        assert outputs['text'] == 'kept'
        assert outputs.get('only', torch.tensor(7.0)) == 7.0
        assert ('only' in outputs) == (rank == 1 and step > 0)
    dist.destroy_process_group()


def test_terms_that_some_have_are_means_of_those():
    run_forked(exchange)


def test_one_process_changes_nothing():
    outputs = {'loss': torch.ones(())}
    before = outputs['loss']
    SyncLogVarsHook().after_train_iter(None, 0, None, outputs)
    assert outputs['loss'] is before


def losses(work_dir: Path) -> torch.Tensor:
    hub = torch.load(work_dir / 'epoch_2.pth')['message_hub']
    return hub['log_scalars']['train/loss']['log_history']


def test_the_log_of_two_is_that_of_one(tmp_path: Path):
    """The mean of two halves' losses is the loss of the whole batch."""
    config = write_fusion(tmp_path, 'two', NO_VALIDATION)
    train_forked(config, tmp_path / 'two')
    double = NO_VALIDATION + "train_dataloader['batch_size'] = 8\n"
    train_alone(write_fusion(tmp_path, 'one', double), tmp_path / 'one')
    ours, theirs = losses(tmp_path / 'two'), losses(tmp_path / 'one')
    assert len(ours) == 6
    assert ours.tolist() == pytest.approx(theirs.tolist(), abs=1e-6)
