"""Generate the demo data set: spoken, gestured and shown commands.

    python tools/dataset_converters/demo.py --out data/demo

No download is needed. Then run tools/prepare_data.py.
"""

import argparse
import os
from pathlib import Path

from trimodal.datasets.converters import DemoOptions, generate_demo
from trimodal.datasets.converters.command_line import (
    errors_told,
    new_parser,
    options_of,
    print_counts,
)

DEFAULTS = DemoOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add = parser.add_argument
    add('--out', type=Path, required=True, help='output folder')
    add('--num-train', type=int, default=DEFAULTS.num_train)
    add('--num-val', type=int, default=DEFAULTS.num_val)
    add('--num-test', type=int, default=DEFAULTS.num_test)
    add('--seed', type=int, default=DEFAULTS.seed)
    add('--workers', type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def main() -> None:
    """Generate and say what came out."""
    args = parse_args()
    with errors_told():
        options = options_of(DemoOptions, args)
        counts = generate_demo(args.out, options, args.workers)
    print_counts(args.out, counts)


if __name__ == '__main__':
    main()
