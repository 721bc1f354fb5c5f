"""What the command lines of converters share."""

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import pytest

from trimodal.datasets.converters import RecastOptions
from trimodal.datasets.converters.command_line import (
    add_recast,
    errors_told,
    new_parser,
    options_of,
    print_counts,
)
from trimodal.datasets.converters.files import ConversionError


@dataclass(frozen=True)
class Sizes(RecastOptions):
    most: int = 3


def test_recast_options_are_read():
    parser = new_parser('Make it.\n\nAt length.')
    add_recast(parser, RecastOptions(val=5, seed=7))
    parser.add_argument('--most', type=int, default=4)
    args = parser.parse_args(['--out', 'x', '--train', '9'])
    assert args.out == Path('x')
    assert args.source == Path('data/tridigits_packed')
    assert options_of(Sizes, args) == Sizes(9, 5, 400, 7, 4)
    text = parser.format_help()
    assert 'Make it.' in text
    assert 'At length' not in text
    assert '(default: 5)' in text


def test_out_is_needed(capsys):
    parser = new_parser(None)
    add_recast(parser, RecastOptions())
    with pytest.raises(SystemExit):
        parser.parse_args([])
    assert '--out' in capsys.readouterr().err


def test_options_are_checked():
    args = Namespace(train=0, val=1, test=1, seed=0)
    with pytest.raises(ValueError, match='train'):
        options_of(RecastOptions, args)


def test_errors_end_the_program():
    with (
        pytest.raises(SystemExit, match=r'error: no such file'),
        errors_told(),
    ):
        raise ConversionError('no such file')
    with pytest.raises(TypeError), errors_told():
        raise TypeError('a mistake of ours')


def test_counts(capsys):
    print_counts(Path('a/b'), {'train': 3, 'val': 1})
    assert capsys.readouterr().out == 'a/b: train 3, val 1\n'
