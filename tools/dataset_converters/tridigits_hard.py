"""Damage a prepared TriDigits: noise, lost variance, shaken landmarks.

    python tools/dataset_converters/tridigits_hard.py --out data/tridigits_hard

Level 1 is tridigits_hard, level 0 the source itself; levels between them
make the curves.
"""

import argparse
import sys
from pathlib import Path

from trimodal.datasets.converters import HardOptions, convert_tridigits_hard

DEFAULTS = HardOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.split('\n')[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--source',
        type=Path,
        default=Path('data/tridigits_packed'),
        help='packed TriDigits of tools/prepare_data.py',
    )
    add('--out', type=Path, required=True, help='output folder')
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
    try:
        counts = convert_tridigits_hard(
            args.source, args.out, HardOptions(args.level, args.seed)
        )
    except ValueError as error:  # a ConversionError is one
        sys.exit(f'error: {error}')
    print(f'{args.out}:', ', '.join(f'{k} {v}' for k, v in counts.items()))


if __name__ == '__main__':
    main()
