"""Generate the demo data set: spoken, gestured and shown commands.

    python tools/dataset_converters/demo.py --out data/demo

No download is needed. Then run tools/prepare_data.py.
"""

import argparse
import os
import sys
from pathlib import Path

from trimodal.datasets.converters import DemoOptions, generate_demo

DEFAULTS = DemoOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.split('\n')[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
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
    try:
        options = DemoOptions(
            num_train=args.num_train,
            num_val=args.num_val,
            num_test=args.num_test,
            seed=args.seed,
        )
        counts = generate_demo(args.out, options, args.workers)
    except ValueError as error:  # a ConversionError is one
        sys.exit(f'error: {error}')
    print(f'{args.out}:', ', '.join(f'{k} {v}' for k, v in counts.items()))


if __name__ == '__main__':
    main()
