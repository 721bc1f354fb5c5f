"""benchmarks/runner_overhead.py, few iterations of a tiny model."""

import json
import runpy
import sys
from pathlib import Path

import pytest

CONFIG = """
_base_ = ['{root}/configs/tridigits/gesture_tiny_b64-20e_tridigits.py']
data_root = 'nowhere'
custom_hooks = [dict(type='EMAHook', momentum=0.1)]
"""


def test_prints_json_last(repo_root, tmp_path: Path, monkeypatch, capsys):
    script = str(repo_root / 'benchmarks' / 'runner_overhead.py')
    config = tmp_path / 'tiny.py'
    config.write_text(CONFIG.format(root=repo_root))
    options = ['--config', str(config), '--batch-size', '4', '--epochs', '2']
    options += ['--blocks', '4', '--block', '2']
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    result = json.loads(lines[-1])
    assert result['blocks'] == 4
    assert set(result['ratios']) == {'wall', 'processor'}
    # The hooks of a run are much beside a step of a few milliseconds.
    assert 1 < result['ratios']['processor'] < 50
    judged = [result['ratios'][name] for name in result['judged']]
    assert result['met'] == all(ratio <= 1.03 for ratio in judged)
    waiting = result['waiting']
    assert waiting['workers'] == 1
    assert 0 <= waiting['data_ms'] < waiting['iteration_ms']
    assert lines[-3].startswith('runner over bare loop: ')


def test_the_ratio_is_that_of_neighbours(repo_root):
    module = runpy.run_path(str(repo_root / 'benchmarks/runner_overhead.py'))
    # The machine halves its speed, and halves it again; the first is none.
    taken = {
        'runner': [(9.0, 9.0), (1.1, 1.02), (2.2, 2.04), (4.4, 4.08)],
        'bare': [(1.0, 1.0), (1.0, 1.0), (2.0, 2.0), (4.0, 4.0)],
    }
    result = module['summary'](taken)
    assert result['ratios'] == {
        'wall': pytest.approx(1.1),
        'processor': pytest.approx(1.02),
    }
    assert result['judged'] == ['processor']
    assert result['met']


@pytest.mark.parametrize(
    ('wall', 'processor', 'met'),
    [(1.02, 1.02, True), (1.1, 1.02, False), (1.02, 1.1, False)],
)
def test_on_a_quiet_machine_both_are_judged(
    repo_root, wall: float, processor: float, met: bool
):
    module = runpy.run_path(str(repo_root / 'benchmarks/runner_overhead.py'))
    speeds = [7.0, 1.0, 1.01, 0.98, 1.02, 1.0, 3.0]  # the first is none
    taken = {
        'runner': [(wall * x, processor * x) for x in speeds],
        'bare': [(x, x) for x in speeds],
    }
    result = module['summary'](taken)
    assert result['judged'] == ['processor', 'wall']
    assert result['met'] == met


def test_a_machine_is_quiet_if_the_middle_half_agrees(repo_root):
    module = runpy.run_path(str(repo_root / 'benchmarks/runner_overhead.py'))
    is_quiet = module['is_quiet']
    assert is_quiet([1.0, 1.04, 1.0, 1.0, 5.0])
    assert not is_quiet([1.0, 1.2, 1.0, 1.3, 1.0, 1.2])
    assert not is_quiet([1.0, 1.0, 1.0])
