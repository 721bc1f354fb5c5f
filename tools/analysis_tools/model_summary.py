"""Print a model's modules: parameters, output shapes and FLOPs of each."""

import argparse

from trimodal.utils.cli import add_cfg_options
from trimodal.utils.config import one_line_errors


def shape(text: str) -> tuple[str, list[int]]:
    """Read ``speech=16000`` or ``image=3,224,224``."""
    name, equals, sizes = text.partition('=')
    try:
        numbers = [int(size) for size in sizes.split(',')]
    except ValueError:
        numbers = []
    if not (name and equals and numbers and min(numbers) > 0):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not of the form modality=size,size,...'
        )
    return name, numbers


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--depth', type=int, default=2, help='how deep to go; 2'
    )
    parser.add_argument(
        '--shape',
        nargs='+',
        type=shape,
        metavar='MODALITY=SIZE,...',
        help='shapes of one sample, as the preprocessors take it, such as '
        'speech=16000 gesture=30,2,21,3 image=3,64,64; without, the first '
        "sample of the config's data is taken",
    )
    add_cfg_options(parser, 'model.fusion.type=SumFusion')
    args = parser.parse_args()
    if args.depth < 0:
        parser.error(f'argument --depth: must be at least 0, got {args.depth}')
    return args


def main() -> None:
    """Summarise and print."""
    args = parse_args()
    # Imported late: --help need not wait for torch.
    from trimodal.apis.model_summary import summarize_config
    from trimodal.utils.model_summary import format_summary

    with one_line_errors():
        shapes = None if args.shape is None else dict(args.shape)
        rows = summarize_config(args.config, shapes, args.cfg_options)
    print(format_summary(rows, args.depth))


if __name__ == '__main__':
    main()
