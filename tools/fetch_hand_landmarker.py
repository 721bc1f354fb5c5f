"""Put MediaPipe's hand-landmark model into the cache folder.

It comes from Google, else out of the wheel of mediapipe 0.10.21 through pip,
and its SHA-256 is checked. The folder is $TRIMODAL_CACHE, by default
~/.cache/trimodal.
"""

import argparse
import sys

from trimodal.datasets.preparation.hand_model import ModelError, fetch


def main() -> None:
    """Parse, fetch, print the path."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--model', help='a copy of the file that you have')
    args = parser.parse_args()
    try:
        print(fetch(args.model))
    except ModelError as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()
