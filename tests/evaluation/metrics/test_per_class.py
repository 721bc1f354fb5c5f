import csv
import logging

import pytest
from mmengine.logging import MMLogger

from trimodal.evaluation import PerClassTable


def test_rows_by_hand():
    rows = PerClassTable.calculate(
        pred=[0, 1, 1, 2, 1], target=[0, 0, 0, 1, 1], names=['a', 'b', 'c']
    )
    assert rows == [
        ['a', 1.0, pytest.approx(1 / 3), pytest.approx(0.5), 3, 1, 'b (2)'],
        ['b', pytest.approx(1 / 3), 0.5, pytest.approx(0.4), 2, 3, 'c (1)'],
        ['c', 0.0, 0.0, 0.0, 0, 1, ''],
    ]


def test_table_in_the_log_and_in_a_file(samples, tmp_path):
    MMLogger.get_instance('test_per_class', log_file=str(tmp_path / 'run.log'))
    metric = PerClassTable()
    metric.dataset_meta = {'classes': ['zero', 'one']}
    metric.process(None, samples([[0, 1], [1, 0], [0, 1]], [1, 0, 0]))
    assert metric.evaluate(3) == {}
    logging.shutdown()
    log = (tmp_path / 'run.log').read_text()
    assert (
        '| class | precision | recall | f1-score | support | predicted '
        '| most often taken for |\n' in log
    )
    assert '| zero  |    1.0000 | 0.5000 |   0.6667 |' in log
    with (tmp_path / 'per-class.csv').open() as file:
        rows = list(csv.reader(file))
    assert rows[1][0] == 'zero'
    assert float(rows[1][3]) == pytest.approx(2 / 3)
    assert rows[1][4:] == ['2', '1', 'one (1)']
