import numpy as np
import pytest

from trimodal.datasets.source import choose_rows, pick_rows


class Toy:
    """Four samples of two modalities."""

    metainfo = {}
    preparation = {}
    attributes = {'speech': {}, 'image': {}}
    table = {
        'speech': [1, 1, 0, 0],
        'image': [1, 0, 1, 0],
        'label': [1, 0, 1, 1],
    }

    def __len__(self) -> int:
        return 4

    def has(self, name: str) -> np.ndarray:
        return np.array(self.table.get(name, [0] * 4), bool)


@pytest.mark.parametrize(
    ('filter_cfg', 'rows'),
    [
        (dict(require=('speech',)), [0, 1]),
        (dict(require=('speech', 'label')), [0]),
        (dict(require=['label']), [0, 2, 3]),
        (dict(min_modalities=1), [0, 1, 2]),
        (dict(min_modalities=2), [0]),
        (dict(min_modalities=1, require=('label',)), [0, 2]),
    ],
)
def test_choose_rows(filter_cfg: dict, rows: list[int]):
    assert choose_rows(Toy(), filter_cfg).tolist() == rows


def test_none_says_that_all_stay():
    assert choose_rows(Toy(), dict(min_modalities=0)) is None


@pytest.mark.parametrize(
    ('filter_cfg', 'message'),
    [
        (dict(required=('speech',)), r"unknown keys \['required'\]"),
        (dict(require=('imu',)), r"requires 'imu'; possible are .*'speech'"),
        (dict(require=('group',)), 'leaves none of 4 samples'),
        (dict(require='speech'), 'must be a list of names'),
    ],
)
def test_choose_rows_refuses(filter_cfg: dict, message: str):
    with pytest.raises(ValueError, match=message):
        choose_rows(Toy(), filter_cfg)


@pytest.mark.parametrize(
    ('indices', 'expected'),
    [
        (2, [5, 6]),
        (-1, [8]),
        (0, []),
        (9, [5, 6, 7, 8]),
        ([3, 0, 0], [8, 5, 5]),
        ((-2,), [7]),
        (np.array([1]), [6]),
        ([], []),
        (range(2), [5, 6]),
    ],
)
def test_pick_rows(indices, expected: list[int]):
    assert pick_rows(np.arange(5, 9), indices).tolist() == expected


def test_pick_rows_refuses():
    with pytest.raises(IndexError):
        pick_rows(np.arange(3), [3])
    with pytest.raises(TypeError, match='must be an int or a list of ints'):
        pick_rows(np.arange(3), [0.5])
