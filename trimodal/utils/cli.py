"""Command-line options that several tools share."""

import argparse
import ast
import re
from collections.abc import Sequence
from typing import Any

from mmengine.config import DictAction

# A dictionary, or a list of them; not the name of a file such as '{}.pth'.
_DICTIONARY = re.compile(
    r'[\[(\s]*(dict\s*\(|\{\s*([\'"]|\w+\s*:)).*[\])}]|\{\}', re.DOTALL
)


class CfgOptions(DictAction):
    """``KEY=VALUE ...`` into a dictionary; a bad one is a usage error.

    Besides what mmengine's takes, a value may be a dictionary or a list of
    them, written as in a config: ``dict(type='StepLR', step_size=2)``.
    """

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

    @staticmethod
    def _parse_iterable(val: str) -> Any:
        """The value of a text; mmengine's method, which knows no dicts."""
        text = val.strip(' "\'')
        if _DICTIONARY.fullmatch(text) is None:
            return DictAction._parse_iterable(val)
        try:
            tree = _Plain().visit(ast.parse(text, mode='eval'))
            return ast.literal_eval(tree)
        except (SyntaxError, ValueError) as error:
            raise ValueError(
                f"{text} is no dictionary; write \"dict(type='StepLR', "
                'step_size=2)", or one setting at a time with dots, such as '
                'compile.backend=eager and param_scheduler.0.T_max=4'
            ) from error


class _Plain(ast.NodeTransformer):
    """``dict(a=1)`` to ``{'a': 1}``, and bare words to texts."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        is_dict = isinstance(node.func, ast.Name) and node.func.id == 'dict'
        if not is_dict or node.args or not all(k.arg for k in node.keywords):
            return node
        return ast.Dict(
            keys=[ast.Constant(keyword.arg) for keyword in node.keywords],
            values=[self.visit(keyword.value) for keyword in node.keywords],
        )

    def visit_Name(self, node: ast.Name) -> ast.AST:
        # The shell has taken the quotes.
        return ast.Constant(DictAction._parse_int_float_bool(node.id))


def add_cfg_options(
    parser: argparse.ArgumentParser,
    example: str = 'optim_wrapper.optimizer.lr=0.01, key="[a,b]" or '
    'key="dict(type=\'StepLR\', step_size=2)"',
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
