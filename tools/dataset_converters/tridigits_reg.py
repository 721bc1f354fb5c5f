"""Make TriDigits for regression: the digit said plus the digit written.

    python tools/dataset_converters/tridigits_reg.py --out data/tridigits_reg

Speech and gestures are those of a packed TriDigits, so tools/prepare_data.py
has nothing to do.
"""

import argparse
import sys
from pathlib import Path

from trimodal.datasets.converters import (
    RecastOptions,
    convert_tridigits_reg,
)

DEFAULTS = RecastOptions()


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
    add('--mnist', type=Path, default=Path('data/sources/mnist'))
    add('--out', type=Path, required=True, help='output folder')
    add('--train', type=int, default=DEFAULTS.train, help='samples')
    add('--val', type=int, default=DEFAULTS.val, help='samples')
    add('--test', type=int, default=DEFAULTS.test, help='samples')
    add('--seed', type=int, default=DEFAULTS.seed)
    return parser.parse_args()


def main() -> None:
    """Convert, say what came out."""
    args = parse_args()
    try:
        counts = convert_tridigits_reg(
            args.source,
            args.mnist,
            args.out,
            RecastOptions(args.train, args.val, args.test, args.seed),
        )
    except ValueError as error:  # a ConversionError is one
        sys.exit(f'error: {error}')
    print(f'{args.out}:', ', '.join(f'{k} {v}' for k, v in counts.items()))


if __name__ == '__main__':
    main()
