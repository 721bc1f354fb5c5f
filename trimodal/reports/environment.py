"""What a run was made with, as it wrote it down itself."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trimodal.reports.facts import logs_of
from trimodal.reports.parts import Cell, Table

# In reading order; what RunInfoHook writes besides comes after these.
FIRST = ('command', 'folder', 'config', 'git', 'seed', 'devices')


def environment_tables(work_dir: Path) -> list[Table]:
    """Command, code, versions, devices and seed of the last start.

    That of the run, not of the process that writes the report: from
    ``run_info.json``, else from the head of the log.

    Args:
        work_dir (Path): Work folder of the run.

    Returns:
        list[Table]: Empty where a run has left neither.
    """
    found = sorted(work_dir.glob('*/run_info.json'))
    if not found:
        return _from_log(work_dir)
    infos = [json.loads(file.read_text('utf-8')) for file in found]
    info = infos[-1]
    packages = info.pop('packages', {})
    names = [key for key in dict.fromkeys([*FIRST, *info]) if key in info]
    rows: list[list[Cell]] = [[k, _text(k, info[k])] for k in names]
    other = {_text('git', i.get('git')) for i in infos[:-1]}
    other -= {_text('git', info.get('git'))}
    if other:
        rows.append(['git of earlier starts', ', '.join(sorted(other))])
    tables = [Table('Of the last start', ['what', 'value'], rows)]
    if packages:
        versions = [[name, str(v)] for name, v in packages.items()]
        tables.append(Table('Packages', ['package', 'version'], versions))
    return tables


def _text(key: str, value: Any) -> str:
    if key == 'command':
        return shlex.join(value)
    if isinstance(value, list):
        return ', '.join(map(str, value))
    if isinstance(value, Mapping) and 'revision' in value:
        branch = f' ({value["branch"]})' if value.get('branch') else ''
        changed = ', with changes' if value.get('dirty') else ''
        return f'{value["revision"]}{branch}{changed}'
    return 'none' if value is None else str(value)


def _from_log(work_dir: Path) -> list[Table]:
    for log in reversed(logs_of(work_dir)):
        head = log.read_text('utf-8', 'replace')[:40_000]
        _, found, block = head.partition('System environment:')
        if found:
            block = block.split('\n-----')[0]
            pairs = re.findall(r'^ {4}(\S[^:\n]*): (.+)$', block, re.M)
            rows = [[k, v] for k, v in pairs if 'details' not in k]
            return [Table('As the log begins', ['what', 'value'], rows)]
    return []
