"""Keep of a checkpoint what others need: weights, config and classes.

    python tools/model_converters/publish_model.py CKPT OUT.safetensors

What is written can be tested, fine-tuned from and given to the inferencer
like any checkpoint, but holds no code and no state of the optimizer.
"""

import argparse

from trimodal.utils.config import one_line_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Keep of a checkpoint what others need.'
    )
    parser.add_argument('checkpoint', help='file or URL')
    parser.add_argument(
        'out',
        help='ends in .safetensors or .pth; the first eight digits of its '
        'SHA-256 are added to the name',
    )
    parser.add_argument(
        '--no-ema',
        action='store_true',
        help='the weights as they were trained, not their average',
    )
    return parser.parse_args()


def main() -> None:
    """Parse, then publish."""
    args = parse_args()
    from trimodal.apis.publishing import publish
    from trimodal.utils.config import ConfigError

    with one_line_errors():
        try:
            path = publish(args.checkpoint, args.out, ema=not args.no_ema)
        except FileNotFoundError as error:
            raise ConfigError(str(error)) from error
        print(path)


if __name__ == '__main__':
    main()
