"""Make the point-history data set: finger-tip paths of four gestures.

    python tools/dataset_converters/point_history.py --download \
        --out data/point_history

Writes packed files; tools/prepare_data.py has nothing to do.
"""

import argparse
from pathlib import Path

from trimodal.datasets.converters import (
    POINT_HISTORY_URL,
    PointHistoryOptions,
    convert_point_history,
    fetch_file,
)
from trimodal.datasets.converters.command_line import (
    errors_told,
    new_parser,
    options_of,
    print_counts,
)

DEFAULTS = PointHistoryOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add = parser.add_argument
    add('--out', type=Path, required=True, help='output folder')
    add(
        '--table',
        type=Path,
        default=Path('data/sources/point_history.csv'),
        help='the source',
    )
    add('--download', action='store_true', help='fetch it if missing')
    add('--url', default=POINT_HISTORY_URL)
    add(
        '--split',
        choices=('blocks', 'random'),
        default=DEFAULTS.split,
        help='contiguous blocks, or rows at random, which leaks',
    )
    add('--blocks', type=int, default=DEFAULTS.blocks, help='of each class')
    add('--val-blocks', type=int, default=DEFAULTS.val_blocks)
    add('--test-blocks', type=int, default=DEFAULTS.test_blocks)
    add('--seed', type=int, default=DEFAULTS.seed, help='which blocks')
    add('--width', type=int, default=DEFAULTS.width, help='of the frame')
    add('--height', type=int, default=DEFAULTS.height, help='of the frame')
    add('--fps', type=float, default=DEFAULTS.fps)
    return parser.parse_args()


def main() -> None:
    """Fetch what is missing, convert, say what came out."""
    args = parse_args()
    with errors_told():
        if args.download:
            fetch_file(args.url, args.table)
        options = options_of(PointHistoryOptions, args)
        counts = convert_point_history(args.table, args.out, options)
    print_counts(args.out, counts)


if __name__ == '__main__':
    main()
