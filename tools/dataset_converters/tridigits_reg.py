"""Make TriDigits for regression: the digit said plus the digit written.

    python tools/dataset_converters/tridigits_reg.py --out data/tridigits_reg

Speech and gestures are those of a packed TriDigits, so tools/prepare_data.py
has nothing to do.
"""

import argparse

from trimodal.datasets.converters import (
    RecastOptions,
    convert_tridigits_reg,
)
from trimodal.datasets.converters.command_line import (
    add_recast,
    errors_told,
    new_parser,
    options_of,
    print_counts,
)

DEFAULTS = RecastOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add_recast(parser, DEFAULTS)
    return parser.parse_args()


def main() -> None:
    """Convert, say what came out."""
    args = parse_args()
    with errors_told():
        options = options_of(RecastOptions, args)
        counts = convert_tridigits_reg(
            args.source, args.mnist, args.out, options
        )
    print_counts(args.out, counts)


if __name__ == '__main__':
    main()
