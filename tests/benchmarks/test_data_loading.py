"""benchmarks/data_loading.py on few samples: what it prints, not how fast."""

import json
import runpy
import sys


def test_prints_json_last(repo_root, tmp_path, monkeypatch, capsys):
    script = str(repo_root / 'benchmarks' / 'data_loading.py')
    options = ['--samples', '60', '--rounds', '1', '--folder', str(tmp_path)]
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result['samples'] == 60
    assert set(result['samples_per_second']) == {'older', 'packed', 'memmap'}
    rates = result['samples_per_second']
    assert result['required'] == {
        'packed_over_older': 20.0,
        'packed_over_memmap': 0.7,
    }
    for name, ratio in result['ratios'].items():
        other = name.removeprefix('packed_over_')
        assert ratio == round(ratio, 2)
        assert (
            abs(rates['packed'] / rates[other] - ratio) < 0.02 * ratio + 0.01
        )
        assert isinstance(result['met'][name], bool)
    assert not [*tmp_path.iterdir()]
