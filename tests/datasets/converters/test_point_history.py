"""Finger-tip paths to packed files."""

import numpy as np
import pytest

from trimodal.datasets import PackedReader
from trimodal.datasets.converters.files import ConversionError
from trimodal.datasets.converters.point_history import (
    CLASSES,
    WINDOW,
    PointHistoryOptions,
    convert_point_history,
    mark_unseen,
    number_blocks,
    read_table,
    split_rows,
)


def write_table(path, rows_per_class=300):
    """Windows over one walk a class, as the real table has them."""
    rng = np.random.default_rng(0)
    lines = []
    for label in range(len(CLASSES)):
        steps = rng.integers(-9, 10, (rows_per_class + WINDOW, 2))
        walk = steps.cumsum(0) / [960, 540]
        for start in range(rows_per_class):
            window = walk[start : start + WINDOW] - walk[start]
            numbers = ','.join(f'{v:.9f}' for v in window.flatten())
            lines.append(f'{label},{numbers}\n')
    path.write_text(''.join(lines))


@pytest.fixture
def table(tmp_path):
    path = tmp_path / 'point_history.csv'
    write_table(path)
    return path


def split_of(table, **changes):
    labels, _ = read_table(table)
    options = PointHistoryOptions(**changes)
    blocks = number_blocks(labels, options.blocks)
    return labels, blocks, split_rows(labels, blocks, options)


@pytest.mark.parametrize('blocks', [10, 30])
def test_no_window_reaches_into_another_split(blocks):
    """Also where a block is shorter than a window."""
    labels = np.repeat(np.arange(4), 300)
    options = PointHistoryOptions(
        blocks=blocks, val_blocks=blocks // 3, test_blocks=blocks // 3
    )
    splits = split_rows(labels, number_blocks(labels, blocks), options)
    rows = np.concatenate([*splits.values()])
    assert len(np.unique(rows)) == len(rows) < len(labels)
    for name, held in splits.items():
        for other, kept in splits.items():
            if name != other:
                same = labels[held][:, None] == labels[kept][None]
                apart = np.abs(held[:, None] - kept[None])
                assert apart[same].min() >= WINDOW


def test_too_many_blocks_leave_nothing(table):
    with pytest.raises(ConversionError, match=r'90 blocks .* take fewer'):
        split_of(table, blocks=90)


def test_blocks_are_whole_and_as_many_as_asked_for(table):
    labels, blocks, splits = split_of(table, blocks=5, test_blocks=1)
    for label in range(len(CLASSES)):
        held = {
            name: set(blocks[rows[labels[rows] == label]])
            for name, rows in splits.items()
        }
        assert [len(held[n]) for n in ('train', 'val', 'test')] == [2, 2, 1]
        assert len(held['train'] | held['val'] | held['test']) == 5


def test_the_seed_chooses_the_blocks(table):
    first, again, other = (
        split_of(table, seed=seed)[2]['test'] for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_random_rows_have_the_same_shares_and_no_gap(table):
    labels, _, splits = split_of(table, split='random')
    assert [len(rows) for rows in splits.values()] == [720, 240, 240]
    for rows in splits.values():
        assert len(set(np.bincount(labels[rows]))) == 1
    neighbours = np.isin(splits['test'] + 1, splits['train'])
    assert neighbours.mean() > 0.4


def window(*points):
    """A path of 16 points: those given, then a smooth walk from the last."""
    rest = WINDOW - len(points)
    walk = [(points[-1][0] + 3 * i, points[-1][1]) for i in range(1, rest + 1)]
    return np.array([*points, *walk], float)


def test_the_corner_is_unseen():
    """Relative to (500, 300), where the finger is seen first."""
    corner = (-500, -300)
    path = window((0, 0), (10, 5), corner, corner, (20, 9), corner, (30, 12))
    got = mark_unseen(path[None], 192)[0]
    unseen = np.isnan(got).all(1)
    assert np.flatnonzero(unseen).tolist() == [2, 3, 5]
    assert np.array_equal(got[~unseen], path[~unseen])


def test_where_the_corner_comes_first_the_rest_is_absolute():
    path = window((0, 0), (0, 0), (500, 300), (510, 305), (0, 0), (520, 301))
    got = mark_unseen(path[None], 192)[0]
    assert np.isnan(got[[0, 1, 4]]).all()
    assert got[[2, 3, 5]].tolist() == [[0, 0], [10, 5], [20, 1]]


def test_what_moves_smoothly_is_seen_and_what_never_moves_is_not():
    still = np.zeros((WINDOW, 2))
    smooth = window((0, 0), (-60, -60), (0, 0), (60, 60))
    got = mark_unseen(np.stack([still, smooth]), 192)
    assert np.isnan(got[0]).all()
    assert np.array_equal(got[1], smooth)


def test_a_row_that_shows_nothing_lacks_the_modality(tmp_path):
    path = tmp_path / 'table.csv'
    write_table(path)
    lines = path.read_text().splitlines()
    lines[-40:] = ['3' + ',0' * 32] * 40
    path.write_text('\n'.join(lines))
    convert_point_history(path, tmp_path / 'out')
    absent = 0
    for split in ('train', 'val', 'test'):
        reader = PackedReader(tmp_path / 'out' / f'{split}.h5')
        for index in range(len(reader)):
            if reader.arrays(index)['gesture'] is None:
                absent += 1
                assert reader.fields(index)['label'] == 3
    assert 0 < absent <= 40


def test_files_hold_pixels_and_say_how_they_were_made(table, tmp_path):
    out = tmp_path / 'out'
    counts = convert_point_history(table, out)
    labels, paths = read_table(table)
    for split, count in counts.items():
        reader = PackedReader(out / f'{split}.h5')
        assert len(reader) == count > 0
        assert reader.metainfo['classes'] == list(CLASSES)
        assert reader.attributes == {'gesture': {'fps': 30.0}}
        assert reader.preparation['split'] == 'blocks'
        for index in (0, count - 1):
            fields = reader.fields(index)
            row = int(fields['id'].removeprefix('row-'))
            assert fields['label'] == labels[row]
            assert fields['group'].startswith(CLASSES[labels[row]])
            data = reader.arrays(index)['gesture']['data']
            assert data.shape == (WINDOW, 1, 1, 2)
            assert data.dtype == np.float16
            np.testing.assert_allclose(
                data[:, 0, 0] / [960, 540], paths[row], atol=1e-8
            )
    # A second time changes nothing; another seed is refused.
    before = (out / 'test.h5').read_bytes()
    assert convert_point_history(table, out) == counts
    assert (out / 'test.h5').read_bytes() == before
    with pytest.raises(ConversionError, match='seed was 0, now 1'):
        convert_point_history(table, out, PointHistoryOptions(seed=1))


@pytest.mark.parametrize(
    ('line', 'number'),
    [
        ('4' + ',0' * 32, 2),
        ('1.5' + ',0' * 32, 2),
        ('1' + ',0' * 31, 2),
        ('1' + ',nan' + ',0' * 31, 2),
        ('a' + ',0' * 32, 2),
        ('', 2),
    ],
)
def test_bad_lines_are_named(tmp_path, line, number):
    path = tmp_path / 'table.csv'
    path.write_text('0' + ',0' * 32 + f'\n{line}\n')
    with pytest.raises(ConversionError, match=f'line {number}: must be a'):
        read_table(path)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ConversionError, match='--download'):
        read_table(tmp_path / 'none.csv')
    (tmp_path / 'one.csv').write_text('0' + ',0' * 32 + '\n')
    with pytest.raises(ConversionError, match=r'no row of classes.*1, 2, 3'):
        read_table(tmp_path / 'one.csv')


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'split': 'rows'}, "split must be .*'rows'"),
        ({'val_blocks': 0}, 'val_blocks'),
        ({'test_blocks': 8}, 'test_blocks'),
        ({'width': 0}, 'width'),
        ({'seed': -1}, 'seed'),
    ],
)
def test_bad_options(changes, message):
    with pytest.raises(ValueError, match=message):
        PointHistoryOptions(**changes)
