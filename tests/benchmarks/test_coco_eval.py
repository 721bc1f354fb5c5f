"""benchmarks/coco_eval.py on few pictures: what it prints, not how fast."""

import json
import runpy
import sys


def test_prints_json_last(repo_root, monkeypatch, capsys):
    script = str(repo_root / 'benchmarks' / 'coco_eval.py')
    options = ['--pictures', '20', '--boxes', '10', '--true', '4']
    options += ['--categories', '3', '--rounds', '2']
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    result = json.loads(lines[-1])
    assert len(lines) == 5
    assert (result['pictures'], result['boxes']) == (20, 10)
    assert result['backend'] == 'faster_coco_eval'
    assert result['required'] == {'ratio': 3.0, 'difference': 1e-6}
    assert set(result['seconds']) == {'coco_metric', 'pycocotools'}
    assert result['met']['difference']
    assert result['difference'] <= 1e-6
    assert 0.1 < result['AP'] < 0.9
    assert result['met']['ratio'] is (result['ratio'] >= 3)
