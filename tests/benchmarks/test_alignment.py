"""benchmarks/alignment.py at a tiny size, and what its task is made of."""

import json
import runpy
import sys

import pytest
import torch


@pytest.fixture
def script(repo_root) -> str:
    return str(repo_root / 'benchmarks' / 'alignment.py')


def test_prints_json_last(script, monkeypatch, capsys):
    options = ['--seeds', '0', '1', '--steps', '2', '--batch-size', '4']
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    *table, last = capsys.readouterr().out.splitlines()
    result = json.loads(last)
    assert result['steps'] == 2
    assert len(result['results']) == 7
    assert len(result['beats_plain']) == 5
    for name, score in result['results'].items():
        assert 0 <= score['mean'] <= 100
        (row,) = [line for line in table if line.startswith(f'| {name} |')]
        assert f'{score["mean"]:.1f} ± {score["std"]:.1f}' in row


def test_without_a_warp_events_lie_at_the_same_share(script):
    """The marked event's symbol is seen where the mark is."""
    module = runpy.run_path(script)
    module['_render'].__globals__['NOISE'] = 0.0
    generator = torch.Generator().manual_seed(0)
    streams, label = module['make_batch'](50, 0.0, generator)
    slow, fast = streams['slow'], streams['fast']
    for row in range(50):
        lengths = [int(s.mask[row].sum()) for s in (slow, fast)]
        marked = slow.x[row, :, module['KINDS']].nonzero().float()
        share = (marked.mean() + 0.5) / lengths[0]
        step = int(share * lengths[1])
        symbols = fast.x[row, :, module['KINDS'] :]
        near = symbols[max(step - 1, 0) : step + 2].sum(0)
        assert near[label[row]] > 0


@pytest.mark.slow
def test_every_aligner_beats_plain_concatenation(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [script, '--seeds', '0'])
    runpy.run_path(script, run_name='__main__')
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert all(result['beats_plain'].values())
