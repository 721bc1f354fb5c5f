"""benchmarks/multitask.py with a small batch: what it prints."""

import json
import runpy
import sys


def test_prints_a_table_and_json_last(repo_root, monkeypatch, capsys):
    script = str(repo_root / 'benchmarks' / 'multitask.py')
    options = ['--batch-size', '2', '--rounds', '1', '--picture', '32']
    options += ['--speech', '2000', '--frames', '16']
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    result = json.loads(lines[-1])
    assert result['benchmark'] == 'multitask'
    found = result['weightings']
    names = ['FixedWeights', 'UncertaintyWeights', 'GradNorm', 'PCGrad']
    assert list(found) == names
    for name, figures in found.items():
        ratio = figures['seconds'] / found['FixedWeights']['seconds']
        assert abs(figures['seconds_ratio'] - ratio) < 0.05
        assert any(line.startswith(f'| `{name}` | ') for line in lines)
    assert found['FixedWeights']['mib_ratio'] == 1
    assert found['PCGrad']['mib_ratio'] > 1
