"""Plot loss, validation metrics and learning rate of one run or several."""

import argparse

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
    return parser.parse_args()


def main() -> None:
    """Plot, and say where."""
    args = parse_args()
    plot_curves(args.runs, args.out, args.keys, args.names)
    print(f'Curves: {args.out}')


if __name__ == '__main__':
    main()
