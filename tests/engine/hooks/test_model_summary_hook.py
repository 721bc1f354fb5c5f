"""The table in the log, and a training that knows nothing of it."""

from pathlib import Path

import pytest
import torch

from tests.engine.hooks.test_random_state_hook import assert_same
from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.hooks import ModelSummaryHook
from trimodal.engine.runner import TrainOptions, train

# Dropout of a modality draws in training, and so does shuffling.
RUN = """
model['modality_dropout'] = dict(type='ModalityDropout', prob=0.5)
train_cfg['max_epochs'] = 1
"""
HOOK = "custom_hooks = [dict(type='ModelSummaryHook', depth=2)]\n"


def run(folder: Path, name: str, extra: str) -> tuple[dict, str]:
    config = write_fusion(folder, name, RUN + extra)
    train(config, TrainOptions(work_dir=str(folder / name), test=False))
    log = next((folder / name).glob('*/*.log')).read_text()
    return torch.load(folder / name / 'epoch_1.pth'), log


def test_the_log_has_the_table_and_the_run_is_the_same(tmp_path: Path):
    ours, log = run(tmp_path, 'with', HOOK)
    plain, _ = run(tmp_path, 'without', '')
    for part in ('state_dict', 'optimizer', 'random_state'):
        assert_same(ours[part], plain[part], part)
    _, _, table = log.partition('The model, for one sample:\n')
    lines = [line.split() for line in table.splitlines()[:8]]
    assert lines[0][:4] == ['module', 'class', 'parameters', 'trainable']
    # A linear layer of 4 to 8 for one sample.
    assert ['a', 'ToyEncoder', '40', '40', '1x1x8', '64'] in lines
    assert log.count('The model, for one sample') == 1


def test_depth_is_not_negative():
    with pytest.raises(ValueError, match='depth must be at least 0, got -1'):
        ModelSummaryHook(depth=-1)
