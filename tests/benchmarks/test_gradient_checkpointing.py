"""benchmarks/gradient_checkpointing.py at a tiny size."""

import json
import runpy
import sys

from benchmarks.gradient_checkpointing import ENCODERS, WHOLE


def test_prints_json_last(repo_root, monkeypatch, capsys):
    script = str(repo_root / 'benchmarks' / 'gradient_checkpointing.py')
    models = repo_root / 'configs' / '_base_' / 'models'
    parts = ['SpeechTransformer', 'HandTransformer']
    options = ['--parts', WHOLE, *parts, '--size', '0.2', '--rounds', '1']
    options += ['--config', str(models / 'concat_small.py')]
    options += ['--batch-size', '2', '--speech', '8000']
    options += ['--frames', '5', '--picture', '32']
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    rows = json.loads(lines[-1])['rows']
    assert list(rows) == [WHOLE, *parts]
    for row in rows.values():
        assert row['same_loss']
        assert row['same_gradients']
        assert row['ms'] > 0
        assert row['time_ratio'] > 0
    for part in parts:
        assert rows[part]['memory_ratio'] < 0.8
    assert rows[WHOLE]['memory_ratio'] < 0.95
    assert 'same loss, same gradients' in lines[0]
    assert set(parts) <= set(ENCODERS)
