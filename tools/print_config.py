"""Print a config with all that it inherits.

The output is itself a config: ``print_config.py a.py > whole.py``.
"""

import argparse
import sys
from pathlib import Path

from trimodal.utils.cli import add_cfg_options
from trimodal.utils.config import load_config, one_line_errors


def main() -> None:
    """Parse, merge, print or write."""
    parser = argparse.ArgumentParser(description='Print a merged config.')
    parser.add_argument('config', help='config file')
    add_cfg_options(parser)
    parser.add_argument('--save-path', help='write there instead')
    args = parser.parse_args()

    with one_line_errors():
        text = load_config(args.config, args.cfg_options).pretty_text
    if args.save_path is None:
        sys.stdout.write(text)
    else:
        Path(args.save_path).write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
