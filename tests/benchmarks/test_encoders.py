"""benchmarks/encoders.py at a tiny size: what it prints, not how fast."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from trimodal.models.encoders import BaseEncoder, GridEncoder, PooledEncoder
from trimodal.registry import MODELS

FEW = ['SpeechCNN', 'HandTransformer', 'FeaturePyramid resnet18']


@pytest.fixture
def script(repo_root: Path) -> str:
    return str(repo_root / 'benchmarks' / 'encoders.py')


def test_prints_json_last(script, monkeypatch, capsys):
    options = ['--encoders', *FEW, '--rounds', '1', '--seconds', '0']
    options += ['--speech', '0.4', '0.2', '--gesture', '4', '--image', '32']
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    result = json.loads(lines[-1])
    assert result['threads'] == 1
    rows = result['rows']
    assert [(row['encoder'], row['size']) for row in rows] == [
        ('SpeechCNN', 0.2),
        ('SpeechCNN', 0.4),
        ('HandTransformer', 4),
        ('FeaturePyramid resnet18', 32),
    ]
    for row, amount in zip(rows, (0.2, 0.4, 4 / 30, 1), strict=True):
        assert row['real_time'] == pytest.approx(
            1e3 * amount / row['forward_ms'], rel=0.01
        )
        assert row['train_ms'] > 0
        assert row['peak_mib'] > 0
        assert row['parameters'] > 1e5
    assert set(result['growth']['SpeechCNN']) == {'fitted', 'last'}
    assert any('SpeechCNN: 181,408 parameters' in line for line in lines)


def test_what_takes_too_long_is_left_out(script, monkeypatch, capsys):
    options = ['--encoders', 'SpeechCNN', '--rounds', '1', '--seconds', '0']
    options += ['--speech', '0.2', '1000', '--limit', '0.5']
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [row['size'] for row in result['rows']] == [0.2]


def test_every_encoder_is_measured(script):
    measured = {
        name.split()[0]
        for group in runpy.run_path(script)['ENCODERS'].values()
        for name in group
    }
    MODELS.import_from_location()
    encoders = {
        name
        for name, part in MODELS.module_dict.items()
        if isinstance(part, type)
        and issubclass(part, BaseEncoder)
        and part.__module__.startswith('trimodal.')
    }
    # Costs what the encoder inside costs.
    wrappers = {PooledEncoder.__name__, GridEncoder.__name__}
    assert encoders - wrappers <= measured <= encoders
