"""Average checkpoints of one model: a uniform or a greedy soup.

python tools/model_converters/model_soup.py CONFIG CKPT CKPT ... OUT.pth
"""

import argparse

from trimodal.utils.cli import add_cfg_options
from trimodal.utils.config import one_line_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Average checkpoints of one model.'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoints', nargs='+', help='files, of runs or epochs of one model'
    )
    parser.add_argument('out', help='file of the average')
    parser.add_argument(
        '--greedy',
        action='store_true',
        help='begin with the best, and take in what does not make the '
        'validation worse',
    )
    parser.add_argument(
        '--metric',
        help='what --greedy goes by; the first of the validation by default',
    )
    parser.add_argument(
        '--rule', choices=['greater', 'less'], help='which is better'
    )
    parser.add_argument('--work-dir', help='folder for the log')
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    """Parse, average, and tell what came out."""
    args = parse_args()
    # Imported late: --help and usage errors need not wait for torch.
    from trimodal.engine.runner import TrainOptions
    from trimodal.engine.runner.soup import model_soup
    from trimodal.engine.runner.summary import format_metrics

    options = TrainOptions(
        work_dir=args.work_dir, cfg_options=args.cfg_options
    )
    with one_line_errors():
        soup = model_soup(
            args.config,
            args.checkpoints,
            args.out,
            options,
            args.greedy,
            args.metric,
            args.rule,
        )
    for name, value in soup.scores.items():
        mark = 'taken' if name in soup.members else 'left out'
        print(f'{value:.4f} {name} ({mark})')
    print(format_metrics(soup.metrics))
    print(f'Average of {len(soup.members)} checkpoints: {args.out}')


if __name__ == '__main__':
    main()
