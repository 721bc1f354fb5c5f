"""Make TriDigits for detection: find the written digit that is asked for.

    python tools/dataset_converters/tridigits_det.py --out data/tridigits_det

Speech and gestures are those of a packed TriDigits, so tools/prepare_data.py
has nothing to do.
"""

import argparse
import sys
from pathlib import Path

from trimodal.datasets.converters import (
    DetectionOptions,
    convert_tridigits_det,
)

DEFAULTS = DetectionOptions()


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
    add('--min-digits', type=int, default=DEFAULTS.min_digits)
    add('--max-digits', type=int, default=DEFAULTS.max_digits)
    add('--seed', type=int, default=DEFAULTS.seed)
    return parser.parse_args()


def main() -> None:
    """Convert, say what came out."""
    args = parse_args()
    try:
        options = DetectionOptions(
            train=args.train,
            val=args.val,
            test=args.test,
            seed=args.seed,
            min_digits=args.min_digits,
            max_digits=args.max_digits,
        )
        counts = convert_tridigits_det(
            args.source, args.mnist, args.out, options
        )
    except ValueError as error:  # a ConversionError is one
        sys.exit(f'error: {error}')
    print(f'{args.out}:', ', '.join(f'{k} {v}' for k, v in counts.items()))


if __name__ == '__main__':
    main()
