import numpy as np

from trimodal.evaluation.metrics.temporal import Moment, in_order, natural


def moment(group: str, name: str, *values: int) -> Moment:
    return Moment(group, name, np.array(values), -np.array(values))


def test_order_of_groups_and_ids():
    moments = [
        moment('b', 'w10', 5),
        moment('a', 'w1', 1),
        moment('b', 'w9', 3, 4),
        moment('a', 'w2', 2),
    ]
    pred, target, group = in_order(moments)
    assert pred.tolist() == [1, 2, 3, 4, 5]
    assert target.tolist() == [-1, -2, -3, -4, -5]
    assert group.tolist() == [0, 0, 1, 1, 1]


def test_natural_keys_can_be_compared():
    names = ['x', '10', 'a2b', 'a10', '', 'a2', '9', 'a']
    assert sorted(names, key=natural) == [
        '',
        '9',
        '10',
        'a',
        'a2',
        'a2b',
        'a10',
        'x',
    ]
