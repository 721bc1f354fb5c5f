"""benchmarks/generation.py on short texts: what it prints."""

import json
import runpy
import sys


def test_prints_json_last(repo_root, monkeypatch, capsys):
    script = repo_root / 'benchmarks' / 'generation.py'
    options = ['--lengths', '2', '5', '--batch-size', '2', '--beam-size', '3']
    options += ['--width', '8', '--layers', '1', '--steps', '4']
    options += ['--words', '9', '--seconds', '0']
    monkeypatch.setattr(sys, 'argv', [str(script), *options])
    runpy.run_path(str(script), run_name='__main__')
    *table, last = capsys.readouterr().out.splitlines()
    results = json.loads(last)['results']
    assert len(table) == 2 + len(results)
    assert [(row['beams'], row['length']) for row in results] == [
        (1, 2),
        (1, 5),
        (3, 2),
        (3, 5),
    ]
    assert all(row['ratio'] > 0 for row in results)
