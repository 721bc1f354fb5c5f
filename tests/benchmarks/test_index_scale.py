"""benchmarks/index_scale.py on few samples: what it prints."""

import json
import runpy
import sys

import pytest


@pytest.mark.slow
def test_prints_json_last(repo_root, tmp_path, monkeypatch, capsys):
    script = str(repo_root / 'benchmarks' / 'index_scale.py')
    options = ['--sizes', '20', '200', '--folder', str(tmp_path)]
    monkeypatch.setattr(sys, 'argv', [script, *options])
    monkeypatch.setenv('PYTHONPATH', str(repo_root))
    runpy.run_path(script, run_name='__main__')
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result['fork']['by_samples']) == {'20', '200'}
    for context in ('fork', 'spawn'):
        row = result[context]['by_samples']['200']
        assert row['worker_uss_mb'] > 1
        assert row['start_s'] > 0
        assert abs(row['index_mb_per_worker']) < 20


def test_measures_itself(repo_root, tmp_path):
    """The measurement, without fresh processes."""
    module = runpy.run_path(str(repo_root / 'benchmarks' / 'index_scale.py'))
    path = tmp_path / 'a.h5'
    module['write'](path, 30)
    row = module['measure'](str(path), 'fork')
    assert set(row) == {'start_s', 'first_batch_s', 'uss_mb', 'pss_mb'}
    assert 1 < row['uss_mb'] < row['pss_mb'] + 1
