"""Do a step again that was not finite, and say where that began.

    python tools/analysis_tools/replay_step.py work_dirs/x/nonfinite_iter_7.pth

The file is written by NonFiniteHook when it stops a run.
"""

import argparse

from trimodal.utils.config import one_line_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('file', help='nonfinite_iter_N.pth')
    parser.add_argument('--device', default='cpu', help='where to do the step')
    return parser.parse_args()


def main() -> None:
    """Replay forwards and backwards, and print what is not finite."""
    args = parse_args()
    from trimodal.engine.runner.replaying import describe, replay

    with one_line_errors():
        print(describe(replay(args.file, args.device)))


if __name__ == '__main__':
    main()
