"""The table in the log, and a training that knows nothing of it."""

from functools import partial
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from tests.engine.hooks.test_random_state_hook import assert_same
from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.hooks import ModelSummaryHook, NonFiniteHook
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS

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
    assert ['a', 'ToyEncoder', '40', '40', '64', '1x1x8'] in lines
    assert log.count('The model, for one sample') == 1


@HOOKS.register_module()
class ListenHook(Hook):
    """Notes each forward pass of the model and its first encoder."""

    heard: list[tuple[str, bool]] = []

    def before_train(self, runner):
        self.heard.clear()
        encoder = runner.model.encoders['a']
        for name, module in {'model': runner.model, 'a': encoder}.items():
            module.register_forward_pre_hook(partial(self.note, name))
            module.register_forward_hook(partial(self.note, name))

    def note(self, name, module, *_):
        self.heard.append((name, module.training))


@HOOKS.register_module()
class TermsHook(Hook):
    """Notes the terms that NonFiniteHook has after the first forward."""

    terms: list[set[str]] = []

    def before_train_iter(self, runner, *_, **__):
        (hook,) = (h for h in runner.hooks if isinstance(h, NonFiniteHook))
        if runner.iter == 0:
            self.terms[:] = [set(hook._terms)]


LISTEN = """
train_dataloader['dataset']['size'] = 8
val_cfg = val_dataloader = val_evaluator = None
custom_hooks = [dict(type='ListenHook', priority=10),
                dict(type='TermsHook', priority=90)]
"""


@pytest.mark.parametrize('priority', ['HIGHEST', 'NORMAL'])
def test_who_listens_to_the_model_hears_nothing(tmp_path: Path, priority: str):
    """Two batches: two forward passes, the summary's is not among them."""
    more = f"dict(type='ModelSummaryHook', priority='{priority}')"
    _, log = run(tmp_path, priority, f'{LISTEN}custom_hooks += [{more}]\n')
    assert 'The model, for one sample' in log
    passes = ['model', 'a', 'a', 'model'] * 2
    assert ListenHook.heard == [(name, True) for name in passes]
    assert TermsHook.terms == [set()]


def test_depth_is_not_negative():
    with pytest.raises(ValueError, match='depth must be at least 0, got -1'):
        ModelSummaryHook(depth=-1)
