"""Damage a prepared TriDigits: noise, lost variance, shaken landmarks.

    python tools/dataset_converters/tridigits_hard.py --out data/tridigits_hard

Level 1 is tridigits_hard, level 0 the source itself; levels between them
make the curves.
"""

import argparse

from trimodal.datasets.converters import HardOptions, convert_tridigits_hard
from trimodal.datasets.converters.command_line import (
    add_packed_source,
    errors_told,
    new_parser,
    options_of,
    print_counts,
)

DEFAULTS = HardOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add_packed_source(parser)
    add = parser.add_argument
    add(
        '--level',
        type=float,
        default=DEFAULTS.level,
        help='damage, 0.0 to 1.0',
    )
    add('--seed', type=int, default=DEFAULTS.seed)
    return parser.parse_args()


def main() -> None:
    """Convert, say what came out."""
    args = parse_args()
    with errors_told():
        options = options_of(HardOptions, args)
        counts = convert_tridigits_hard(args.source, args.out, options)
    print_counts(args.out, counts)


if __name__ == '__main__':
    main()
