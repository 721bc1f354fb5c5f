"""benchmarks/tridigits_levels.py: the curves over levels of damage."""

import json
from pathlib import Path

import pytest

from benchmarks import tridigits_levels
from tests.datasets.converters.test_tridigits_hard import SIZES, write_split
from trimodal.datasets.packed import PackedReader

CURVES = {'one': {0.0: [0.9, 0.8], 1.0: [0.5, 0.5]}}


def test_table_by_hand():
    assert tridigits_levels.markdown(CURVES, [0.0, 1.0]).splitlines() == [
        '| config | 0.0 | 1.0 |',
        '| --- | --- | --- |',
        '| one | 85.0 ± 5.0 | 50.0 ± 0.0 |',
    ]
    found = tridigits_levels.means(CURVES)['one']
    assert found == pytest.approx({'0.0': 85, '1.0': 50})


def test_curves_are_drawn(tmp_path: Path):
    curves = {f'late_b64-6e_{name}': CURVES['one'] for name in ('a', 'b')}
    tridigits_levels.draw(curves, tmp_path / 'curves.png')
    head = (tmp_path / 'curves.png').read_bytes()[:4]
    assert head == b'\x89PNG'


def test_levels_lie_beside_the_source(tmp_path: Path):
    source = tmp_path / 'packed'
    for split, size in SIZES.items():
        write_split(source / f'{split}.h5', range(size))
    folder = tridigits_levels.data_of(0.25, source)
    assert folder == tmp_path / 'tridigits_hard_025'
    damage = PackedReader(folder / 'test.h5').metainfo['damage']
    assert damage['level'] == 0.25
    assert tridigits_levels.data_of(0.25, source) == folder


def test_what_was_tested_is_not_tested_again(tmp_path: Path):
    folder = tmp_path / 'any' / 'seed0'
    folder.mkdir(parents=True)
    known = json.dumps({'tridigits_hard_050': 0.5})
    (folder / 'levels.json').write_text(known)
    data = Path('data/tridigits_hard_050')
    assert tridigits_levels.accuracy('any', 0, data, tmp_path) == 0.5
