"""A step that was not finite, done again to the bit: replay_step.py."""

import re
from pathlib import Path

import pytest
import torch

from tests.engine.faulty import write_faulty
from tests.tools.launching import failure_of, run_tool
from trimodal.engine.runner import TrainOptions, replay, train
from trimodal.utils.config import RunError

FAULT = """
train_dataloader['dataset']['bad'] = (5,)
model.update(dropout=0.5, fault={fault!r})
optim_wrapper['type'] = {wrapper!r}
"""


@pytest.mark.parametrize('wrapper', ['OptimWrapper', 'AmpOptimWrapper'])
def test_replay(tmp_path: Path, capsys, monkeypatch, wrapper: str):
    """The finite term draws dropout: weights, batch and numbers are right."""
    extra = FAULT.format(fault='loss', wrapper=wrapper)
    config = write_faulty(tmp_path, 'faulty', extra)
    with pytest.raises(RunError, match='replay_step') as error:
        train(config, TrainOptions(work_dir=str(tmp_path)))
    (path,) = re.findall(r'Saved (\S+):', str(error.value))
    torch.manual_seed(99)
    step = replay(path)
    saved = step.content['losses']['a.loss_ce']
    assert step.losses['a.loss_ce'].item() == saved
    assert step.losses['b.loss_ce'].isnan()
    assert step.first == 'data_preprocessor'  # it came with the batch
    assert [s.sample_id for s in step.batch['data_samples']] == [
        f'toy_{i}' for i in range(4, 8)
    ]
    capsys.readouterr()
    run_tool(monkeypatch, 'analysis_tools/replay_step', path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        'iteration 2 (epoch 1)',
        'samples: toy_4, toy_5, toy_6, toy_7',
    ]
    assert f'a.loss_ce: {saved:.6g}  (in the run: {saved:.6g})' in lines
    assert 'first output that is not finite: data_preprocessor' in lines
    assert lines[-1].startswith('gradients that are not finite: layers.b.wei')
    assert 'layers.a' not in lines[-1]


def test_of_a_gradient(tmp_path: Path, capsys, monkeypatch):
    extra = FAULT.format(fault='gradient', wrapper='OptimWrapper')
    config = write_faulty(tmp_path, 'faulty', extra)
    with pytest.raises(RunError, match='gradients are not finite'):
        train(config, TrainOptions(work_dir=str(tmp_path)))
    path = tmp_path / 'nonfinite_iter_2.pth'
    capsys.readouterr()
    run_tool(monkeypatch, 'analysis_tools/replay_step', path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith('gradients that are not finite: layers.b.wei')
    content = torch.load(path)
    for item in content['batch']['inputs']['b']:
        item.nan_to_num_()
    torch.save(content, path)
    assert replay(str(path)).first is None
    content['weights']['layers.b.bias'].fill_(torch.inf)
    torch.save(content, path)
    assert replay(str(path)).first == 'layers.b'


def test_other_files_are_refused(tmp_path: Path, monkeypatch):
    torch.save({'state_dict': {}}, tmp_path / 'other.pth')
    tool = 'analysis_tools/replay_step'
    line = failure_of(monkeypatch, tool, tmp_path / 'other.pth')
    assert 'must be a nonfinite_iter_*.pth' in line
    assert 'does not exist' in failure_of(monkeypatch, tool, 'none.pth')
