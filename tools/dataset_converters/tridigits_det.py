"""Make TriDigits for detection: find the written digit that is asked for.

    python tools/dataset_converters/tridigits_det.py --out data/tridigits_det

Speech and gestures are those of a packed TriDigits, so tools/prepare_data.py
has nothing to do.
"""

import argparse

from trimodal.datasets.converters import (
    DetectionOptions,
    convert_tridigits_det,
)
from trimodal.datasets.converters.command_line import (
    add_recast,
    errors_told,
    new_parser,
    options_of,
    print_counts,
)

DEFAULTS = DetectionOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add_recast(parser, DEFAULTS)
    add = parser.add_argument
    add('--min-digits', type=int, default=DEFAULTS.min_digits)
    add('--max-digits', type=int, default=DEFAULTS.max_digits)
    return parser.parse_args()


def main() -> None:
    """Convert, say what came out."""
    args = parse_args()
    with errors_told():
        options = options_of(DetectionOptions, args)
        counts = convert_tridigits_det(
            args.source, args.mnist, args.out, options
        )
    print_counts(args.out, counts)


if __name__ == '__main__':
    main()
