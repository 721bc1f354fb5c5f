"""Command-line options that several tools share."""

import argparse
from collections.abc import Sequence
from typing import Any

from mmengine.config import DictAction


class CfgOptions(DictAction):
    """``KEY=VALUE ...`` into a dictionary; a bad one is a usage error."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Parse the values that follow the option."""
        for value in values or ():
            key, equals, _ = value.partition('=')
            if not equals or not all(key.split('.')):
                parser.error(
                    f'argument {option_string}: {value!r} is not of the form '
                    'key=value or key.inner=value'
                )
        try:
            super().__call__(parser, namespace, values, option_string)
        except (AssertionError, ValueError) as error:
            parser.error(f'argument {option_string}: {error}')


def add_cfg_options(
    parser: argparse.ArgumentParser,
    example: str = 'optim_wrapper.optimizer.lr=0.01 or key="[a,b]"',
) -> None:
    """Add ``--cfg-options``.

    Args:
        parser (ArgumentParser): The tool's parser.
        example (str): Settings shown in the help. Defaults to some of a
            training config.
    """
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default={},
        action=CfgOptions,
        metavar='KEY=VALUE',
        help=f'settings that go before those of the config, such as {example}',
    )


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the config file and what training and testing have in common.

    Args:
        parser (ArgumentParser): The tool's parser.
    """
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints')
    add_cfg_options(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='how several processes were started',
    )
