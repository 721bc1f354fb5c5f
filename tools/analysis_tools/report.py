"""Write report.md and report.html of a run: metrics, curves, environment."""

import argparse

from trimodal.utils.config import ConfigError, one_line_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'work_dirs',
        nargs='+',
        metavar='WORK_DIR',
        help='work folders of runs: finished, interrupted or running',
    )
    parser.add_argument(
        '--out', metavar='DIR', help='folder to write to; the work folder'
    )
    parser.add_argument(
        '--formats', nargs='+', choices=['md', 'html'], default=['md', 'html']
    )
    args = parser.parse_args()
    if args.out and len(args.work_dirs) > 1:
        parser.error(
            'argument --out: the reports of several runs would be '
            'one file; give one WORK_DIR'
        )
    return args


def main() -> None:
    """Write, and say where."""
    args = parse_args()
    # Imported late: --help need not wait for matplotlib.
    from trimodal.reports import write_report

    with one_line_errors():
        for work_dir in args.work_dirs:
            try:
                paths = write_report(work_dir, args.formats, args.out)
            except (FileNotFoundError, ValueError) as error:
                raise ConfigError(str(error)) from error
            for path in paths:
                print(f'Report: {path}')


if __name__ == '__main__':
    main()
