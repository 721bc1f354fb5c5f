"""benchmarks/fusion.py at a tiny size, and benchmarks/fusion_references.py."""

import json
import runpy
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.fusion_references import REFERENCES
from trimodal.models import BaseFusion
from trimodal.registry import MODELS


@pytest.fixture(scope='module')
def benchmark() -> dict:
    root = Path(__file__).parents[2]
    return runpy.run_path(str(root / 'benchmarks' / 'fusion.py'))


def test_prints_json_last(repo_root, monkeypatch, capsys):
    script = str(repo_root / 'benchmarks' / 'fusion.py')
    few = ['SumFusion', 'PerceiverFusion']
    options = ['--fusions', *few, '--seconds', '0', '--rounds', '1']
    options += ['--lengths', '4', '8', '--widths', '16', '8']
    options += ['--length', '8', '--width', '8']
    monkeypatch.setattr(sys, 'argv', [script, *options])
    runpy.run_path(script, run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    result = json.loads(lines[-1])
    rows = result['rows']
    cells = [(4, 8), (8, 8), (8, 16)]
    assert [(row['length'], row['width']) for row in rows] == cells * 2
    assert [row['fusion'] for row in rows] == [few[0]] * 3 + [few[1]] * 3
    for row in rows:
        assert 0 < row['forward_ms'] < row['train_ms']
        assert row['peak_mib'] > 0
        assert ('train_ratio' in row) == (row['fusion'] == few[1])
    assert rows[0]['parameters'] == rows[1]['parameters']
    worst = max(row['train_ratio'] for row in rows[3:])
    assert result['ratio_to_bare'] == {few[1]: worst}
    assert result['met'] == {few[1]: worst <= 1.15}
    assert set(result['growth']) == set(few)
    assert any(line.startswith('SumFusion') for line in lines)


def test_quick_has_fewer_cells(benchmark, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['fusion.py', '--quick'])
    cells = benchmark['cells'](benchmark['parse_args']())
    assert cells == [(64, 256), (256, 256)]
    monkeypatch.setattr(sys, 'argv', ['fusion.py'])
    cells = benchmark['cells'](benchmark['parse_args']())
    assert cells == [
        *[(length, 256) for length in (64, 128, 256, 512, 1024)],
        (256, 128),
        (256, 512),
    ]


def test_every_fusion_is_in_the_table(benchmark):
    MODELS.import_from_location()
    ours = {
        name
        for name, part in MODELS.module_dict.items()
        if isinstance(part, type)
        and issubclass(part, BaseFusion)
        and part.__module__.startswith('trimodal.')
    }
    assert set(benchmark['FUSIONS']) == ours


@pytest.mark.parametrize('name', REFERENCES)
def test_a_reference_has_the_operations_of_its_fusion(benchmark, name):
    """Linear layers and attention, forward and backward."""
    torch.manual_seed(0)
    length, width = 24, 64
    streams = benchmark['make_streams'](length, width)
    counts = []
    for module in (
        benchmark['make_fusion'](name, width),
        REFERENCES[name](benchmark['NAMES'], width, length),
    ):
        with FlopCounterMode(display=False) as counter:
            benchmark['Runner'](module, streams)()
        counts.append(counter.get_total_flops())
    fusion, bare = counts
    # The fusions have a gate or tell their weights besides.
    assert bare <= fusion <= 1.02 * bare
