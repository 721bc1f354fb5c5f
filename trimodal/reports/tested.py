"""What the tests of a run measured."""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from trimodal.reports.parts import Cell, Table
from trimodal.reports.results import NO_METRIC
from trimodal.visualization.curves import DULL
from trimodal.visualization.scalars import NOT_FINITE


def test_tables(work_dir: Path) -> list[Table]:
    """Metrics of the last test, and of the last one of subsets."""
    tables: list[Table] = []
    for file in _test_files(work_dir):
        metrics = _metrics(file)
        plain, subsets = split_subsets(metrics)
        where = file.parent.relative_to(work_dir).as_posix()
        if plain and not any(t.header[0] == 'metric' for t in tables):
            rows: list[list[Cell]] = [[k, v] for k, v in plain.items()]
            what = f'Test of {tested}' if (tested := _tested(file)) else 'Test'
            caption = f'{what} ({where})'
            tables.append(Table(caption, ['metric', 'value'], rows))
        if subsets and not any(t.header[0] == 'modalities' for t in tables):
            tables.append(_subset_table(subsets, where))
    return tables


test_tables.__test__ = False  # type: ignore[attr-defined]


def split_subsets(
    metrics: Mapping[str, float],
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Tell metrics from those of a subset of the modalities.

    Args:
        metrics (Mapping[str, float]): As ``SubsetTestLoop`` gives them: each
            metric by its name, and again as ``subset/name``.

    Returns:
        tuple: Name to value; and subset to name to value.

    Examples:
        >>> from trimodal.reports.tested import split_subsets
        >>> split_subsets({'acc/top1': 0.9, 'a/acc/top1': 0.5})
        ({'acc/top1': 0.9}, {'a': {'acc/top1': 0.5}})
    """
    plain: dict[str, float] = {}
    subsets: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        subset, _, rest = name.partition('/')
        if rest in metrics:
            subsets.setdefault(subset, {})[rest] = value
        else:
            plain[name] = value
    return plain, subsets


def _subset_table(
    subsets: Mapping[str, Mapping[str, float]], where: str
) -> Table:
    names = list(dict.fromkeys(n for row in subsets.values() for n in row))
    keys = [n for n in names if not any(fnmatch(n, p) for p in DULL)]
    keys = [
        key
        for key in keys or names
        if any(np.isfinite(row.get(key, np.nan)) for row in subsets.values())
    ]
    rows: list[list[Cell]] = [
        [name, *(row.get(key, float('nan')) for key in keys)]
        for name, row in subsets.items()
    ]
    caption = f'Test with subsets of the modalities ({where})'
    return Table(caption, ['modalities', *keys], rows)


def _test_files(work_dir: Path) -> list[Path]:
    """What LoggerHook wrote of tests, the newest first."""
    found = [*work_dir.glob('*/*.json'), *work_dir.glob('test/*/*.json')]
    found = [file for file in found if file.stem == file.parent.name]
    return sorted(found, key=lambda file: file.stem, reverse=True)


def _metrics(file: Path) -> dict[str, float]:
    try:
        content = json.loads(file.read_text(encoding='utf-8'))
    except json.JSONDecodeError:
        return {}  # of a run that was killed while it wrote
    return {
        name: float(value)
        for name, value in content.items()
        if (isinstance(value, int | float) or value in NOT_FINITE)
        and name not in NO_METRIC
    }


def _tested(file: Path) -> str | None:
    """The checkpoint that was tested: the last one that was loaded."""
    log = file.with_suffix('.log')
    if not log.is_file():
        return None
    text = log.read_text('utf-8', 'replace')
    found = re.findall(r'INFO - Load checkpoint from (.+)$', text, re.M)
    return Path(found[-1]).name if found else None
