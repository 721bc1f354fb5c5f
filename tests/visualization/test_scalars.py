import numpy as np
import pytest

from tests.visualization.runs import train, val, write, write_run
from trimodal.visualization import load_scalars
from trimodal.visualization.scalars import best_index, scalar_files


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / 'run')


def curve(points) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in zip(*points, strict=True)]


def test_load(run):
    scalars = load_scalars(run)
    assert scalars.by_epoch
    assert scalars.unit == 'epoch'
    assert curve(scalars.train['loss']) == [
        (0.5, 2.0),
        (1.0, 1.5),
        (1.5, 1.2),
        (2.0, 1.0),
    ]
    x, y = scalars.val['accuracy/top1']
    assert x.tolist() == [1, 2]
    np.testing.assert_array_equal(y, [0.5, np.nan])
    assert scalars.points('lr') is scalars.train['lr']
    assert scalars.points('nothing') is None


def test_file_and_single_start_give_the_same(run):
    start = run / '20260101_000000'
    file = start / 'vis_data' / 'scalars.json'
    expected = curve(load_scalars(run).train['loss'])
    assert curve(load_scalars(start).train['loss']) == expected
    assert curve(load_scalars(file).train['loss']) == expected


def test_resumed_run_is_joined(run):
    """Killed in epoch 2, resumed after epoch 1."""
    write(
        run,
        '20260101_000001',
        [train(2, 15, 1.25), train(2, 20, 1.05), val(2, 0.7)],
    )
    scalars = load_scalars(run)
    assert curve(scalars.train['loss'])[1:] == [
        (1.0, 1.5),
        (1.5, 1.25),
        (2.0, 1.05),
    ]
    assert curve(scalars.val['accuracy/top1']) == [(1, 0.5), (2, 0.7)]


def test_resumed_with_the_validation_that_was_missed(run):
    """Killed in the validation of epoch 2, which comes first now."""
    write(run, '20260101_000001', [val(2, 0.6), train(3, 25, 0.8)])
    scalars = load_scalars(run)
    assert curve(scalars.val['accuracy/top1']) == [(1, 0.5), (2, 0.6)]
    assert scalars.train['loss'][1].tolist() == [2.0, 1.5, 1.2, 1.0, 0.8]
    # And once more, from the first epoch's end.
    write(run, '20260101_000002', [val(1, 0.55), train(2, 15, 1.1)])
    scalars = load_scalars(run)
    assert curve(scalars.val['accuracy/top1']) == [(1, 0.55)]
    assert scalars.train['loss'][1].tolist() == [2.0, 1.5, 1.1]


def test_run_begun_anew_replaces_the_old_one(run):
    write(run, '20260101_000001', [train(1, 5, 9.0)])
    scalars = load_scalars(run)
    assert curve(scalars.train['loss']) == [(1.0, 9.0)]
    assert scalars.val == {}


def test_by_iteration_and_with_hierarchy(tmp_path):
    first = [
        {'train/loss': 3.0, 'iter': 10, 'step': 10},
        {'val/accuracy/top1': 0.25, 'step': 10},
    ]
    write(tmp_path, 'a', first)
    scalars = load_scalars(tmp_path)
    assert not scalars.by_epoch
    assert scalars.unit == 'iteration'
    assert curve(scalars.train['loss']) == [(10, 3.0)]
    assert curve(scalars.val['accuracy/top1']) == [(10, 0.25)]
    more = [
        {'train/loss': 2.0, 'iter': 20, 'step': 20},
        {'val/accuracy/top1': 0.5, 'step': 20},
    ]
    write(tmp_path, 'b', more)
    scalars = load_scalars(tmp_path)
    assert curve(scalars.val['accuracy/top1']) == [(10, 0.25), (20, 0.5)]


def test_by_iteration_with_validations_counted_by_epoch(tmp_path):
    """LoggerHook's log_metric_by_epoch, true by default: all are at 0."""
    records = [
        {'loss': 3.0, 'iter': 10, 'step': 10},
        {'accuracy/top1': 0.25, 'step': 0},
        {'loss': 2.0, 'iter': 20, 'step': 20},
        {'accuracy/top1': 0.5, 'step': 0},
    ]
    write(tmp_path, 'a', records)
    scalars = load_scalars(tmp_path)
    assert curve(scalars.val['accuracy/top1']) == [(10, 0.25), (20, 0.5)]


def test_a_test_is_no_point_of_a_curve(tmp_path):
    """Of the best weights, of epoch 1, after epoch 2; then it is resumed."""
    test = {'test/accuracy/top1': 0.9, 'iter': 10, 'step': 10}
    epochs = [train(1, 10, 2.0), val(1, 0.5), train(2, 20, 1.5), val(2, 0.4)]
    write(tmp_path, 'a', [*epochs, test])
    write(tmp_path, 'b', [test])  # by itself
    write(tmp_path, 'c', [train(3, 30, 1.0), val(3, 0.6)])
    scalars = load_scalars(tmp_path)
    assert curve(scalars.train['loss']) == [(1, 2.0), (2, 1.5), (3, 1.0)]
    expected = [(1, 0.5), (2, 0.4), (3, 0.6)]
    assert curve(scalars.val['accuracy/top1']) == expected
    starts = [file.parts[-3] for file in scalar_files(tmp_path)]
    assert starts == ['a', 'c']
    with pytest.raises(FileNotFoundError, match=r'no scalars\.json in'):
        load_scalars(tmp_path / 'b')
    names = {*scalars.train, *scalars.val}
    assert not any(name.startswith('test') for name in names)


def test_what_is_not_finite_is_a_number(tmp_path):
    """LocalVisBackend writes a string: JSON knows no such number."""
    record = {'loss': 'Infinity', 'note': 'text', 'iter': 1, 'step': 1}
    write(tmp_path, 'a', [record, {'accuracy/top1': 'NaN', 'step': 1}])
    scalars = load_scalars(tmp_path)
    assert list(scalars.train) == ['loss']
    assert scalars.train['loss'][1].tolist() == [np.inf]
    assert np.isnan(scalars.val['accuracy/top1'][1]).all()


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no scalars\.json in'):
        load_scalars(tmp_path)
    write(tmp_path, 'a', [])
    with pytest.raises(ValueError, match='nothing was logged yet'):
        load_scalars(tmp_path)


def test_best_index():
    values = np.array([0.5, np.nan, 0.9, np.inf])
    assert best_index('accuracy/top1', values) == 2
    assert best_index('text/wer', values) == 0
    assert best_index('text/wer', np.array([np.nan])) is None
