from pathlib import Path

import numpy as np
import pytest

from tests.visualization.runs import write_run
from trimodal.reports import results
from trimodal.reports.parts import Picture, Text
from trimodal.visualization import load_scalars
from trimodal.visualization.scalars import Scalars


@pytest.fixture
def scalars(tmp_path: Path) -> Scalars:
    return load_scalars(write_run(tmp_path))


def long_run(epochs: int, metrics: int = 1) -> Scalars:
    """A metric is best in the second epoch."""
    x = np.arange(1.0, epochs + 1)
    y = np.where(x == 2, 0.9, x / 2000)
    val = {f'accuracy/top{i + 1}': (x, y) for i in range(metrics)}
    return Scalars({'loss': (x, 1 / x)}, val, True)


def test_best_table(scalars: Scalars):
    table = results.best_table(scalars)
    assert table is not None
    assert table.header[2] == 'at epoch'
    name, best, at, last, better = table.rows[0]
    assert (name, best, at, better) == ('accuracy/top1', 0.5, 1, 'higher')
    assert np.isnan(last)
    assert len(table.rows) == 1  # data_time is no metric


def test_lower_is_better():
    points = (np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.2, 0.3]))
    table = results.best_table(Scalars({}, {'text/wer': points}, False))
    assert table is not None
    assert table.rows == [['text/wer', 0.2, 2, 0.3, 'lower']]


def test_epoch_table(scalars: Scalars):
    table = results.epoch_table(scalars)
    assert table is not None
    assert table.header == ['epoch', 'training loss', 'accuracy/top1']
    np.testing.assert_array_equal(
        np.array(table.rows, float), [[1, 1.5, 0.5], [2, 1.0, np.nan]]
    )


def test_epoch_table_of_a_long_run():
    table = results.epoch_table(long_run(1000, 12))
    assert table is not None
    epochs = [row[0] for row in table.rows]
    assert len(epochs) == results.ROWS + 1
    assert {1, 2, 1000} <= set(epochs)
    assert table.caption == 'By epoch, 41 of 1000 rows, 10 of 12 metrics'
    assert len(table.header) == 2 + results.COLUMNS


def test_without_validations():
    run = Scalars(long_run(3).train, {}, True)
    assert results.best_table(run) is None
    table = results.epoch_table(run)
    assert table is not None
    assert [row[0] for row in table.rows] == [1, 2, 3]
    assert results.epoch_table(Scalars({}, {}, True)) is None


def test_pictures_and_what_they_say(scalars: Scalars):
    parts = results.curve_pictures(scalars)
    assert [p.title for p in parts if isinstance(p, Picture)] == [
        'loss',
        'accuracy/top1',
        'lr',
    ]
    loss, top1, _ = parts
    assert isinstance(loss, Picture)
    assert loss.alt == (
        'Curve of loss over epochs: 4 points, first 2, last 1.'
    )
    assert isinstance(top1, Picture)
    assert 'best 0.5 at epoch 1' in top1.alt
    assert loss.pixels.shape == top1.pixels.shape
    assert len(np.unique(loss.pixels.reshape(-1, 3), axis=0)) > 10


def test_the_terms_of_a_loss():
    x = np.arange(1.0, 4.0)
    for terms, titles in (
        ({'a.loss': x}, ['loss']),
        ({'a.loss': x / 4, 'b.loss': 3 * x / 4}, ['loss', 'a.loss', 'b.loss']),
    ):
        train = {'loss': (x, x)} | {k: (x, y) for k, y in terms.items()}
        parts = results.curve_pictures(Scalars(train, {}, True))
        assert [p.title for p in parts if isinstance(p, Picture)] == titles


def test_no_more_than_a_dozen_pictures():
    *pictures, text = results.curve_pictures(long_run(50, 13))
    assert len(pictures) == results.PANELS
    assert isinstance(text, Text)
    assert text.text.startswith('2 more curves were logged')
