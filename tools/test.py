"""Test a checkpoint: ``python tools/test.py CONFIG CKPT``."""

import argparse

from trimodal.utils.cli import add_common_options
from trimodal.utils.config import one_line_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Test a checkpoint.')
    add_common_options(parser)
    parser.add_argument('checkpoint', help='file or URL of the weights')
    parser.add_argument(
        '--out',
        metavar='FILE',
        help='write predictions and metrics to a .pkl or .json file',
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help="test-time augmentation with the config's tta_model and "
        'tta_pipeline',
    )
    parser.add_argument(
        '--subsets',
        action='store_true',
        help='score every subset of the modalities',
    )
    return parser.parse_args()


def main() -> None:
    """Parse, then test."""
    args = parse_args()
    # Imported late: --help and usage errors need not wait for torch.
    from trimodal.engine.runner import TestOptions, test

    options = TestOptions(
        work_dir=args.work_dir,
        cfg_options=args.cfg_options,
        launcher=args.launcher,
        tta=args.tta,
        subsets=args.subsets,
        out=args.out,
    )
    with one_line_errors():
        test(args.config, args.checkpoint, options)


if __name__ == '__main__':
    main()
