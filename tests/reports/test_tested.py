import json
from pathlib import Path

import numpy as np

from tests.reports.folders import write_folder
from trimodal.reports.tested import split_subsets, test_tables


def write_test(folder: Path, at: str, metrics: dict) -> None:
    (folder / at).mkdir(parents=True)
    (folder / at / f'{at}.json').write_text(json.dumps(metrics))


def test_of_the_training(tmp_path: Path):
    plain, subsets = test_tables(write_folder(tmp_path))
    where = '20260101_000000'
    assert plain.caption == f'Test of best_e1.pth ({where})'
    assert plain.rows == [['accuracy/top1', 0.75]]
    assert subsets.header == ['modalities', 'accuracy/top1']
    assert subsets.rows == [['a', 0.5], ['a+b', 0.75]]


def test_the_newest_counts(tmp_path: Path):
    """That of tools/test.py, too, which writes to the folder test."""
    folder = write_folder(tmp_path)
    write_test(folder / 'test', '20260103_000000', {'accuracy/top1': 0.8})
    plain, subsets = test_tables(folder)
    assert plain.rows == [['accuracy/top1', 0.8]]
    assert subsets.rows == [['a', 0.5], ['a+b', 0.75]]
    metrics = {'coco/AP': 0.5, 'a/coco/AP': 0.25, 'coco/AP_l': float('nan')}
    metrics['a/coco/AP_l'] = 'NaN'  # JSON knows no such number
    metrics['coco/AP_s'] = '-Infinity'
    write_test(folder, '20260104_000000', metrics)
    plain, subsets = test_tables(folder)
    assert plain.rows[0] == ['coco/AP', 0.5]
    rows = dict(plain.rows)
    assert np.isnan(rows['coco/AP_l'])
    assert rows['coco/AP_s'] == -np.inf
    assert subsets.header == ['modalities', 'coco/AP']
    assert subsets.rows == [['a', 0.25]]


def test_not_tested_or_half_written(tmp_path: Path):
    assert test_tables(tmp_path) == []
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'a.json').write_text('{"accuracy/top1": 0.')
    assert test_tables(tmp_path) == []


def test_a_head_is_no_subset():
    metrics = {'coco/AP': 0.1, 'accuracy/top1': 0.2}
    assert split_subsets(metrics) == (metrics, {})
