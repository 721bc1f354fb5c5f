"""benchmarks/compiling.py with a small model: what it prints."""

import json
import runpy
import sys

import pytest
import torch

pytestmark = pytest.mark.filterwarnings('ignore')


def test_prints_json_last(repo_root, monkeypatch, capsys):
    torch._dynamo.reset()
    script = str(repo_root / 'benchmarks' / 'compiling.py')
    options = ['--backend', 'eager', '--parts', 'fusion', '--steps', '3']
    options += ['--batch-size', '2', '--speech', '8000', '--frames', '5']
    monkeypatch.setattr(sys, 'argv', [script, *options, '--picture', '32'])
    runpy.run_path(script, run_name='__main__')
    *rows, result = map(json.loads, capsys.readouterr().out.splitlines())
    assert len(rows) == 3
    assert rows[0]['new_graphs'] == result['graphs'] == 1
    assert result['compiling_steps'] == [0]
    ratios = [r['compiled_seconds'] / r['seconds'] for r in rows[1:]]
    assert result['ratio'] == pytest.approx(sum(ratios) / 2, abs=1e-3)
    assert result['loss_difference'] == 0
    assert result['first_gradient_difference'] == 0
    torch._dynamo.reset()
