"""Checks of constructor arguments."""

import pytest

from trimodal.models.layers.checks import (
    check_choice,
    check_multiple,
    check_not_negative,
    check_odd,
    check_positive,
    check_probability,
    check_widths,
)


def test_good_values_pass():
    check_choice('mode', 'a', ('a', None))
    check_positive(width=1, rate=0.5)
    check_not_negative(layers=0, weight=0.5)
    check_probability(dropout=0.0, drop_path=1)
    check_multiple('width', 8, 4, 'heads')
    check_odd('kernels', [1, 3])


@pytest.mark.parametrize(
    ('check', 'message'),
    [
        (lambda: check_choice('mode', 'c', ('a', None)), "mode.*'a'.*'c'"),
        (lambda: check_positive(width=3, rate=0), 'rate .* 0, got 0'),
        (lambda: check_positive(width=float('nan')), 'width'),
        (lambda: check_not_negative(layers=-1), 'layers .* 0, got -1'),
        (lambda: check_not_negative(weight=float('nan')), 'weight'),
        (lambda: check_probability(dropout=1.5), r'dropout .*\[0, 1\].*1.5'),
        (lambda: check_multiple('width', 9, 4, 'heads'), '4 .heads.*got 9'),
        (lambda: check_multiple('width', 0, 4, 'heads'), 'got 0'),
        (lambda: check_multiple('width', 8, 0, 'heads'), 'width'),
        (lambda: check_odd('kernels', [3, 4]), r'kernels .*\[3, 4\]'),
        (lambda: check_odd('kernels', []), r'got \[\]'),
    ],
)
def test_bad_values_are_named(check, message):
    with pytest.raises(ValueError, match=message):
        check()


def test_widths_of_modalities():
    assert check_widths(('b', 'a'), 4) == {'b': 4, 'a': 4}
    widths = check_widths(['b', 'a'], {'a': 1, 'b': 2})
    assert list(widths.items()) == [('b', 2), ('a', 1)]


@pytest.mark.parametrize(
    ('names', 'widths', 'message'),
    [
        ((), 4, 'names, each once'),
        (('a', 'a'), 4, 'names, each once'),
        (('a', 'b'), {'a': 4}, r"name \['a', 'b'\], got \{'a': 4\}"),
        (('a', 'b'), {'a': 4, 'b': 0}, 'b must be larger than 0'),
    ],
)
def test_bad_widths(names, widths, message):
    with pytest.raises(ValueError, match=message):
        check_widths(names, widths)
