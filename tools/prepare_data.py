"""Turn media files and their annotations into packed HDF5 files.

    python tools/prepare_data.py data/demo data/demo_packed

INPUT has one annotations.json in each of its sub-folders train, val and
test, or a single one and --split-ratios to divide it. An interrupted run goes
on where it stopped when it is started again; what is finished is not done
again.
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

from trimodal.datasets.annotations import AnnotationError
from trimodal.datasets.preparation import build_preparers, prepare_dataset
from trimodal.datasets.splits import parse_ratios
from trimodal.utils.cli import add_cfg_options
from trimodal.utils.config import (
    ConfigError,
    load_config,
    one_line_errors,
)

CONFIG = 'configs/_base_/preprocessing/default.py'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('input', type=Path, help='folder of media and annotations')
    add('output', type=Path, help='folder for the packed files')
    add(
        '--config',
        default=str(Path(__file__).resolve().parents[1] / CONFIG),
        help=f'what to make of each modality (default: {CONFIG})',
    )
    add_cfg_options(
        parser, 'modalities.gesture.border=0.5 or modalities.image=None'
    )
    add('--workers', type=int, help='processes (default: one a core)')
    add(
        '--split-ratios',
        nargs='+',
        metavar='NAME=SHARE',
        help='divide one annotations.json, e.g. train=0.7 val=0.2 test=0.1; '
        'stratified by label, never splitting a group',
    )
    add('--seed', type=int, default=0, help='of the splitting (default: 0)')
    add(
        '--skip-bad',
        action='store_true',
        help='leave badly annotated samples out and list them in report.json',
    )
    add('--shards', type=int, default=1, help='files a split (default: 1)')
    add('--shard-index', type=int, help='make only this shard, from 0')
    return parser.parse_args()


def load_modalities(path: str, cfg_options: dict[str, Any]) -> dict[str, Any]:
    """Read the config of each preparer, and see that they can be built.

    Raises:
        ConfigError: If there are none, or a name in them is wrong.
    """
    modalities = load_config(path, cfg_options).get('modalities')
    if not isinstance(modalities, dict):
        raise ConfigError(
            f'{path} does not say what to make of each modality '
            f'(modalities=dict(...)), as {CONFIG} does'
        )
    try:
        build_preparers(modalities)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f'{path}: {error.args[0]}') from error
    return modalities.to_dict()


def main() -> None:
    """Parse, load the config, prepare."""
    args = parse_args()
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format='%(message)s'
    )
    with one_line_errors():
        modalities = load_modalities(args.config, args.cfg_options)
    try:
        prepare_dataset(
            args.input,
            args.output,
            modalities,
            workers=args.workers,
            ratios=args.split_ratios and parse_ratios(args.split_ratios),
            seed=args.seed,
            skip_bad=args.skip_bad,
            shards=args.shards,
            shard_index=args.shard_index,
        )
    except AnnotationError as error:
        sys.exit(
            f'error: {error}\nMend these, or go on without the samples: '
            '--skip-bad'
        )
    except (ValueError, FileNotFoundError, RuntimeError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('\nstopped; the same command goes on from here')


if __name__ == '__main__':
    main()
