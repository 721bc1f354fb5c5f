"""benchmarks/train_step.py with a small model: what it prints."""

import json
import runpy
import sys

import pytest


def test_prints_json_last(repo_root, monkeypatch, capsys):
    script = str(repo_root / 'benchmarks' / 'train_step.py')
    config = repo_root / 'configs' / '_base_' / 'models' / 'concat_small.py'
    options = ['--config', str(config), '--batch-size', '2', '--rounds', '1']
    options += ['--speech', '8000', '--frames', '5', '--picture', '32']
    monkeypatch.setattr(sys, 'argv', [script, *options, '--matrix', '256'])
    runpy.run_path(script, run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    result = json.loads(lines[-1])
    figures, required = result['figures'], result['required']
    assert figures['utilisation'] == pytest.approx(
        result['gflop'] / result['seconds'] / result['matrix_gflops'],
        rel=0.2,
    )
    assert figures['faster_than_published'] == pytest.approx(
        22.4 * 168 / result['matrix_gflops'] / result['seconds'], rel=0.2
    )
    for name, met in result['met'].items():
        sign = -1 if name == 'memory_of_published' else 1
        assert met == (sign * figures[name] >= sign * required[name])
    assert set(result['parts_seconds']) == {
        'batch',
        'speech encoder',
        'gesture encoder',
        'image encoder',
        'fusion and heads',
        'AdamW',
    }
    assert any('by part' in line for line in lines)
