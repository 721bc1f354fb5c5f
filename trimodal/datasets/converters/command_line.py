"""What the command lines of converters share."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from trimodal.datasets.converters.tridigits_recast import RecastOptions

Options = TypeVar('Options')


def new_parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser that tells its defaults.

    Args:
        doc (str | None): A program's docstring, whose first line says what
            the program is for.

    Returns:
        argparse.ArgumentParser: Without arguments, but for ``--help``.
    """
    return argparse.ArgumentParser(
        description=(doc or '').split('\n')[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )


def add_packed_source(parser: argparse.ArgumentParser) -> None:
    """Add ``--source``, a packed TriDigits, and ``--out``."""
    parser.add_argument(
        '--source',
        type=Path,
        default=Path('data/tridigits_packed'),
        help='packed TriDigits of tools/prepare_data.py',
    )
    parser.add_argument(
        '--out', type=Path, required=True, help='output folder'
    )


def add_recast(
    parser: argparse.ArgumentParser, defaults: RecastOptions
) -> None:
    """Add what every other task made of TriDigits takes."""
    add_packed_source(parser)
    add = parser.add_argument
    add('--mnist', type=Path, default=Path('data/sources/mnist'))
    for split in ('train', 'val', 'test'):
        default = getattr(defaults, split)
        add(f'--{split}', type=int, default=default, help='samples')
    add('--seed', type=int, default=defaults.seed)


def options_of(kind: type[Options], args: argparse.Namespace) -> Options:
    """Options, each field the argument of that name.

    Args:
        kind (type): A dataclass.
        args (argparse.Namespace): What was parsed.

    Returns:
        Options: One of ``kind``.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: getattr(args, name) for name in names})


@contextmanager
def errors_told() -> Iterator[None]:
    """End the program with one line where its input is at fault."""
    try:
        yield
    except ValueError as error:  # a ConversionError is one
        sys.exit(f'error: {error}')


def print_counts(out: Path, counts: Mapping[str, int]) -> None:
    """Say how many samples each split has."""
    print(f'{out}:', ', '.join(f'{k} {v}' for k, v in counts.items()))
