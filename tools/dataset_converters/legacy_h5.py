"""Turn the older layout (one HDF5 data set per sample) into packed files.

    python tools/dataset_converters/legacy_h5.py data/old data/packed

INPUT holds {split}_features.h5, with a data set per sample under /speech,
/gesture and /image, and {split}_annotations.json. OUTPUT gets {split}.h5.
"""

import argparse
from pathlib import Path

from trimodal.datasets.converters.command_line import (
    errors_told,
    new_parser,
    options_of,
)
from trimodal.datasets.converters.legacy_h5 import (
    HANDS,
    LegacyOptions,
    convert_legacy_h5,
)

DEFAULTS = LegacyOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add = parser.add_argument
    add('input', type=Path, help='folder of {split}_features.h5')
    add('output', type=Path, help='folder for {split}.h5')
    add('--sample-rate', type=int, default=DEFAULTS.sample_rate, help='Hz')
    add('--fps', type=float, default=DEFAULTS.fps, help='of the landmarks')
    add(
        '--hand',
        choices=HANDS,
        default=DEFAULTS.hand,
        help='whose landmarks they are where there is one hand only',
    )
    return parser.parse_args()


def main() -> None:
    """Convert, and say what came out."""
    args = parse_args()
    with errors_told():
        options = options_of(LegacyOptions, args)
        counts = convert_legacy_h5(args.input, args.output, options)
    for split, count in counts.items():
        print(f'{args.output / split}.h5: {count} samples')


if __name__ == '__main__':
    main()
