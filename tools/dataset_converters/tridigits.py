"""Make the TriDigits data set: one digit spoken, signed and written.

    python tools/dataset_converters/tridigits.py --download \
        --out data/tridigits

Sources that are not there are fetched with --download, else named with
--fsdd, --sign-digits and --mnist. Then run tools/prepare_data.py.
"""

import argparse
import os
from pathlib import Path

from trimodal.datasets.converters import (
    FSDD_URL,
    SIGN_DIGITS_URL,
    TriDigitsOptions,
    convert_tridigits,
    fetch_mnist,
    fetch_repository,
)
from trimodal.datasets.converters.command_line import (
    errors_told,
    new_parser,
    options_of,
    print_counts,
)

DEFAULTS = TriDigitsOptions()
SOURCES = Path('data/sources')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add = parser.add_argument
    add('--out', type=Path, required=True, help='output folder')
    add('--fsdd', type=Path, default=SOURCES / 'fsdd', help='spoken digits')
    add('--sign-digits', type=Path, default=SOURCES / 'sign_digits')
    add('--mnist', type=Path, default=SOURCES / 'mnist')
    add('--download', action='store_true', help='fetch missing sources')
    add('--fsdd-url', default=FSDD_URL)
    add('--sign-digits-url', default=SIGN_DIGITS_URL)
    add('--mnist-url', action='append', default=[], help='mirror of MNIST')
    add(
        '--fsdd-split',
        choices=('speaker', 'official'),
        default=DEFAULTS.fsdd_split,
        help='hold speakers out, or the published split by index',
    )
    add('--val-speaker', default=DEFAULTS.val_speaker)
    add('--test-speaker', default=DEFAULTS.test_speaker)
    add('--per-clip', type=int, default=DEFAULTS.per_clip)
    add('--frames', type=int, default=DEFAULTS.frames)
    add('--fps', type=int, default=DEFAULTS.fps)
    add('--seed', type=int, default=DEFAULTS.seed)
    add('--workers', type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def main() -> None:
    """Fetch what is missing, convert, say what came out."""
    args = parse_args()
    with errors_told():
        if args.download:
            fetch_repository(args.fsdd_url, args.fsdd)
            fetch_repository(args.sign_digits_url, args.sign_digits)
            fetch_mnist(args.mnist, args.mnist_url)
        options = options_of(TriDigitsOptions, args)
        counts = convert_tridigits(
            args.fsdd,
            args.sign_digits,
            args.mnist,
            args.out,
            options,
            args.workers,
        )
    print_counts(args.out, counts)


if __name__ == '__main__':
    main()
