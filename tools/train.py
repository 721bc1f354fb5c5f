"""Train a model: ``python tools/train.py CONFIG``.

The command line goes before the config file, and that before the file's
name, which gives the work folder ``work_dirs/<config name>``.
"""

import argparse

from trimodal.utils.cli import add_common_options
from trimodal.utils.config import one_line_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Train a model.')
    add_common_options(parser)
    _add_ways_to_train(parser)
    _add_ways_to_look(parser)
    return parser.parse_args()


def _add_ways_to_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CKPT',
        help='go on from a checkpoint; without CKPT from the last one in the '
        'work folder that is whole, if there is one; CKPT may be last or best',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision: float16 on a GPU, bfloat16 on a CPU',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the total batch size',
    )
    parser.add_argument('--seed', type=int, help="instead of the config's")
    parser.add_argument(
        '--deterministic',
        action='store_true',
        help='use deterministic algorithms only',
    )
    parser.add_argument(
        '--benchmark',
        action='store_true',
        help='let cuDNN find its fastest algorithms, for pictures and '
        'sequences of few sizes',
    )
    parser.add_argument(
        '--no-test',
        action='store_true',
        help='do not test the best checkpoint after training',
    )


def _add_ways_to_look(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--detect-anomaly',
        action='store_true',
        help='name the operation whose gradient is NaN; slow',
    )
    parser.add_argument(
        '--profiler',
        choices=['simple', 'pytorch'],
        help='where the time goes: a table of the parts of the loop, or a '
        'trace of every operation for Perfetto and TensorBoard',
    )
    parser.add_argument(
        '--debug',
        action='store_true',
        help='no worker processes, anomaly detection, verbose log, tracebacks',
    )
    parser.add_argument(
        '--fast-dev-run',
        action='store_true',
        help='one batch of training, validation and test, no checkpoints',
    )


def main() -> None:
    """Parse, then train."""
    args = parse_args()
    # Imported late: --help and usage errors need not wait for torch.
    from trimodal.engine.runner import TrainOptions, train

    options = TrainOptions(
        work_dir=args.work_dir,
        resume=args.resume,
        amp=args.amp,
        auto_scale_lr=args.auto_scale_lr,
        cfg_options=args.cfg_options,
        launcher=args.launcher,
        seed=args.seed,
        deterministic=args.deterministic,
        benchmark=args.benchmark,
        detect_anomaly=args.detect_anomaly,
        profiler=args.profiler,
        debug=args.debug,
        fast_dev_run=args.fast_dev_run,
        test=not args.no_test,
    )
    with one_line_errors(args.debug):
        train(args.config, options)


if __name__ == '__main__':
    main()
