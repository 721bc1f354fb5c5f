"""Plot loss, validation metrics and learning rate of one run or several."""

import argparse

from trimodal.utils.config import ConfigError, one_line_errors
from trimodal.visualization import plot_curves


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'runs',
        nargs='+',
        help='work folders of trainings, or scalars.json files',
    )
    parser.add_argument('--out', default='curves.png', help='the picture')
    parser.add_argument(
        '--keys',
        nargs='+',
        help="what to plot, e.g. loss 'accuracy/*'; by default the training "
        'loss, every validation metric and the learning rate',
    )
    parser.add_argument(
        '--names', nargs='+', help="the runs' names in the legend"
    )
    parser.add_argument(
        '--smooth',
        type=float,
        default=0.0,
        help='weight of the past in a moving average of what the training '
        'steps logged, from 0 (none) to below 1',
    )
    return parser.parse_args()


def main() -> None:
    """Plot, and say where."""
    args = parse_args()
    with one_line_errors():
        try:
            plot_curves(
                args.runs, args.out, args.keys, args.names, args.smooth
            )
        except (FileNotFoundError, ValueError) as error:
            raise ConfigError(str(error)) from error
    print(f'Curves: {args.out}')


if __name__ == '__main__':
    main()
