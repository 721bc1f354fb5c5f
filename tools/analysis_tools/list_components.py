"""Write docs/components.md: what is registered, and where to find it.

    python tools/analysis_tools/list_components.py [--check]

The table is made from the registries, the docstrings and the configs of this
repository; a test keeps it up to date. With --check nothing is written, and
the exit status is 1 if the page is not what it would be.
"""

import argparse
import inspect
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry

import trimodal.registry
from trimodal import models
from trimodal.models.layers import MaskedPooling

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'components.md'
PAPER = re.compile(r'`([^`<]+?)\s*<(https?://[^>]+)>`_', re.DOTALL)
# Parts of a model by what they are; what fits none of these comes last.
KINDS = {
    'Encoders': models.BaseEncoder,
    'Aligners': models.BaseAligner,
    'Fusions': models.BaseFusion,
    'Heads': models.BaseHead,
    'Objectives': models.BaseObjective,
    'Data preprocessors': models.BasePreprocessor,
    'Batch augmentations': models.BaseMix,
    'Pooling': MaskedPooling,
    'Vocabularies': models.BaseVocabulary,
}
# Registries in the order of the page; one that is not here comes last, under
# its own name.
TITLES = {
    'DATASETS': 'Data sets',
    'DATA_SAMPLERS': 'Samplers',
    'TRANSFORMS': 'Transforms',
    'FUNCTIONS': 'Functions that collate batches',
    'TASK_UTILS': 'Preparation',
    'METRICS': 'Metrics',
    'OPTIM_WRAPPER_CONSTRUCTORS': 'Optimizer wrapper constructors',
    'HOOKS': 'Hooks',
    'LOOPS': 'Loops',
    'VISUALIZERS': 'Visualizers',
    'VISBACKENDS': 'Visualization backends',
    'INFERENCERS': 'Inferencers',
}
HEAD = """# Components

Made by `python tools/analysis_tools/list_components.py`; not to be edited.
Each name is what `type` (or `constructor`) is in a config. *Paper* is the
first that the docstring names; *config* is one that uses the part, the
shortest of them.
"""


def registered(registry: Registry) -> dict[str, Any]:
    """Name and class of what trimodal itself has registered."""
    registry.import_from_location()
    return {
        name: item
        for name, item in sorted(registry.module_dict.items())
        if item.__module__.startswith('trimodal.')
    }


def kind_of(item: Any, other: str = 'Models and layers') -> str:
    """The section a part belongs to; ``other`` if it is of no kind."""
    for title, base in KINDS.items():
        if isinstance(item, type) and issubclass(item, base):
            return title
    if '.losses.' in item.__module__:
        return 'Losses'
    return other


def registries() -> dict[str, Registry]:
    """Every registry of trimodal by title, but that of the models."""
    every = {
        name: item
        for name, item in vars(trimodal.registry).items()
        if isinstance(item, Registry) and name != 'MODELS'
    }
    names = [*TITLES, *(name for name in every if name not in TITLES)]
    return {
        TITLES.get(name, name.replace('_', ' ').capitalize()): every[name]
        for name in names
    }


def sections() -> dict[str, dict[str, Any]]:
    """Every registered part by section and name."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for title in KINDS:
        found[title] = {}
    for name, item in registered(trimodal.registry.MODELS).items():
        found[kind_of(item)][name] = item
    for title, registry in registries().items():
        for name, item in registered(registry).items():
            found[kind_of(item, title)][name] = item
    return {title: items for title, items in found.items() if items}


def types_in(item: Any) -> set[str]:
    """Every ``type`` or ``constructor`` that a config names anywhere."""
    if isinstance(item, dict):
        values = [item.get('type'), item.get('constructor')]
        named = {value for value in values if isinstance(value, str)}
        return named.union(*map(types_in, item.values()))
    if isinstance(item, list | tuple):
        return set().union(*map(types_in, item))
    return set()


def users() -> dict[str, Path]:
    """For each type the shortest config that names it; experiments first."""
    found: dict[str, Path] = {}
    paths = (ROOT / 'configs').rglob('*.py')

    def order(path: Path) -> tuple[bool, int, str]:
        relative = path.relative_to(ROOT)
        return '_base_' in path.parts, len(str(relative)), str(relative)

    for path in sorted(paths, key=order):
        for name in types_in(Config.fromfile(path).to_dict()):
            found.setdefault(name.removeprefix('trimodal.'), path)
    return found


def paper_of(item: Any) -> str:
    """The first paper of a docstring as a link, or nothing."""
    match = PAPER.search(item.__doc__ or '')
    if match is None:
        return ''
    return f'[{" ".join(match[1].split())}]({match[2]})'


def link(path: Path) -> str:
    """A link from docs/ to a file of the repository."""
    relative = path.relative_to(ROOT).as_posix()
    return f'[{path.name}](../{relative})'


def row(name: str, item: Any, config: Path | None) -> str:
    """A part's line of the table."""
    source = Path(inspect.getsourcefile(item) or '')
    summary = (inspect.getdoc(item) or '').split('\n\n')[0]
    cells = (
        f'`{name}`',
        ' '.join(summary.split()).replace('|', r'\|'),
        paper_of(item),
        link(source),
        '' if config is None else link(config),
    )
    return f'| {" | ".join(cells)} |'


def page() -> str:
    """The whole page."""
    configs = users()
    parts = [HEAD]
    for title, items in sections().items():
        rows = [row(n, item, configs.get(n)) for n, item in items.items()]
        table = '| name | what it is | paper | file | config |'
        parts.append(
            '\n'.join([f'## {title}', '', table, '|---|---|---|---|---|'])
            + '\n'
            + '\n'.join(rows)
            + '\n'
        )
    return '\n'.join(parts)


def main() -> None:
    """Write the page, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--check', action='store_true', help='only compare')
    args = parser.parse_args()
    text = page()
    if not args.check:
        PAGE.write_text(text, 'utf-8')
    elif not PAGE.exists() or PAGE.read_text('utf-8') != text:
        sys.exit(f'{PAGE} is not up to date: run {Path(__file__).name}')


if __name__ == '__main__':
    main()
