"""The benchmark over seeds: what it keeps, and how it sums up."""

import json
from pathlib import Path

import pytest

from benchmarks import tridigits


def test_summary_by_hand():
    runs = [
        {'speech': 0.9, 'speech+image': 1.0},
        {'speech': 0.8, 'speech+image': 1.0},
    ]
    table = tridigits.summary(runs)
    assert table['speech']['mean'] == pytest.approx(85)
    assert table['speech']['std'] == pytest.approx(5)
    assert table['speech+image'] == {'mean': 100, 'std': 0}


def test_a_finished_run_is_not_done_again(tmp_path: Path, monkeypatch):
    metrics = {'speech/accuracy/top1': 0.5, 'speech/accuracy/top3': 0.7}
    (tmp_path / 'subsets.json').write_text(json.dumps({'metrics': metrics}))
    monkeypatch.setattr(tridigits, 'call', pytest.fail)
    assert tridigits.run(Path('any.py'), 0, tmp_path) == {'speech': 0.5}


def test_a_failing_tool_names_its_log(tmp_path: Path):
    log = tmp_path / 'log.txt'
    with pytest.raises(SystemExit, match=str(log)):
        tridigits.call(log, 'tools/train.py', 'no_such_config.py')
    assert 'no_such_config.py' in log.read_text()
