"""benchmarks/alignment_speed.py on short streams: what it prints."""

import json
import runpy
import sys


def test_prints_json_last(repo_root, monkeypatch, capsys):
    script = repo_root / 'benchmarks' / 'alignment_speed.py'
    options = ['--lengths', '4', '8', '--batch-size', '2', '--width', '8']
    options += ['--seconds', '0']
    monkeypatch.setattr(sys, 'argv', [str(script), *options])
    runpy.run_path(str(script), run_name='__main__')
    *table, last = capsys.readouterr().out.splitlines()
    results = json.loads(last)['results']
    assert len(results) == 5
    assert len(table) == 2 + 5 * 2
    for found in results.values():
        assert [row['length'] for row in found['rows']] == [4, 8]
        assert all(row['mib'] >= 0 for row in found['rows'])
