"""Make the connected digits: spoken digits joined to sentences.

    python tools/dataset_converters/connected_digits.py --download \
        --out data/connected_digits

A source that is not there is fetched with --download, else named with
--fsdd. Then run tools/prepare_data.py.
"""

import argparse
import os
from pathlib import Path

from trimodal.datasets.converters import (
    FSDD_URL,
    ConnectedDigitsOptions,
    convert_connected_digits,
    fetch_repository,
)
from trimodal.datasets.converters.command_line import (
    errors_told,
    new_parser,
    options_of,
    print_counts,
)

DEFAULTS = ConnectedDigitsOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add = parser.add_argument
    add('--out', type=Path, required=True, help='output folder')
    add('--fsdd', type=Path, default=Path('data/sources/fsdd'))
    add('--download', action='store_true', help='fetch a missing source')
    add('--fsdd-url', default=FSDD_URL)
    add(
        '--val',
        choices=('speaker', 'recordings'),
        default=DEFAULTS.val,
        help='validate on a speaker, or on recordings of those who train',
    )
    add('--val-speaker', default=DEFAULTS.val_speaker)
    add('--test-speaker', default=DEFAULTS.test_speaker)
    add('--sentences', type=int, default=DEFAULTS.sentences)
    add('--fewest', type=int, default=DEFAULTS.fewest, help='digits')
    add('--most', type=int, default=DEFAULTS.most, help='digits')
    add('--max-pause', type=float, default=DEFAULTS.max_pause, help='s')
    add('--min-peak', type=float, default=DEFAULTS.min_peak)
    add('--seed', type=int, default=DEFAULTS.seed)
    add('--workers', type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def main() -> None:
    """Fetch what is missing, convert, say what came out."""
    args = parse_args()
    with errors_told():
        if args.download:
            fetch_repository(args.fsdd_url, args.fsdd)
        options = options_of(ConnectedDigitsOptions, args)
        counts = convert_connected_digits(
            args.fsdd, args.out, options, args.workers
        )
    print_counts(args.out, counts)


if __name__ == '__main__':
    main()
