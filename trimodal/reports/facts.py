"""What a run was: its state, settings and files, from its folder."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mmengine.config import Config

from trimodal.reports.parts import Cell, Code, Table
from trimodal.visualization.scalars import Scalars, scalar_files

_TIME = re.compile(r'^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) - ', re.M)
_SAVED = re.compile(r'(?:epoch|iter)_(\d+)')
# What EarlyStoppingHook logs, and what mmengine's does.
_STOPPED = re.compile(
    'Training stops: |did not improve in the last|threshold reached'
)


def load_config(work_dir: Path) -> Config | None:
    """The config of the last start; None where none was kept."""
    found = [f.with_name('config.py') for f in scalar_files(work_dir)]
    found = [*sorted(work_dir.glob('*.py')), *found]
    found = [file for file in found if file.is_file()]
    if not found:
        return None
    # Nothing is built, so nothing needs to be imported.
    return Config.fromfile(found[-1], import_custom_modules=False)


def logs_of(work_dir: Path) -> list[Path]:
    """The text log of each start, in order."""
    found = work_dir.glob('*/*.log')
    return sorted(file for file in found if file.stem == file.parent.name)


def summary_table(
    work_dir: Path, scalars: Scalars, config: Config | None
) -> Table:
    """State, time and settings of a run, a line each."""
    texts = [log.read_text('utf-8', 'replace') for log in logs_of(work_dir)]
    rows: list[list[Cell]] = [
        ['state', _state(work_dir, scalars, config, texts)],
        *_times(texts),
        ['work folder', str(work_dir.resolve())],
    ]
    if config is not None:
        rows += [[k, str(v)] for k, v in _settings(config).items()]
    return Table('State and settings', ['what', 'value'], rows)


def _state(
    work_dir: Path,
    scalars: Scalars,
    config: Config | None,
    texts: list[str],
) -> str:
    unit = scalars.unit
    curves = [*scalars.val.values(), *scalars.train.values()]
    reached = max(float(x[-1]) for x, _ in curves)
    saved = _saved(work_dir)
    loop = {} if config is None else config.get('train_cfg') or {}
    whole = loop.get('max_epochs' if scalars.by_epoch else 'max_iters')
    if whole is None:
        return f'{reached:g} {unit}s logged'
    ends = [int(x[-1]) for x, _ in scalars.val.values()]
    if max([saved, *ends]) >= whole:
        return f'finished: {whole} {unit}s'
    if texts and _STOPPED.search(texts[-1]):
        return f'stopped early: {reached:.4g} of {whole} {unit}s'
    logged = f'{reached:.4g} of {whole} {unit}s logged'
    if not saved:
        return f'{logged}, no checkpoint'
    return f'not finished: {logged}, last checkpoint at {saved}'


def _saved(work_dir: Path) -> int:
    """The epoch or iteration of the last checkpoint; 0 without one."""
    note = work_dir / 'last_checkpoint'
    text = note.read_text('utf-8', 'replace') if note.is_file() else ''
    found = _SAVED.findall(Path(text.strip()).name)
    return int(found[-1]) if found else 0


def _times(texts: list[str]) -> list[list[Cell]]:
    starts = [found for text in texts if (found := _TIME.findall(text))]
    if not starts:
        return []
    took = timedelta()
    for found in starts:
        first, last = (
            datetime.strptime(at, '%Y/%m/%d %H:%M:%S')
            for at in (found[0], found[-1])
        )
        took += last - first
    times = (
        f'{took}' if len(starts) == 1 else f'{took} in {len(starts)} starts'
    )
    return [['started', starts[0][0]], ['took', times]]


def _settings(config: Config) -> dict[str, Any]:
    """What one asks first of a training."""
    model = config.get('model') or {}
    wrapper = config.get('optim_wrapper') or {}
    optimizer = wrapper.get('optimizer') or {}
    loader = config.get('train_dataloader') or {}
    found: dict[str, Any] = {
        'model': model.get('type'),
        **{
            part: _types(model.get(part))
            for part in ('encoders', 'fusion', 'heads')
        },
        'optimizer': optimizer.get('type'),
        'learning rate': optimizer.get('lr'),
        'precision': _precision(wrapper),
        'batch size': loader.get('batch_size'),
        'gradient accumulation': wrapper.get('accumulative_counts'),
        'gradient clipping': _pairs(wrapper.get('clip_grad')),
        'seed': (config.get('randomness') or {}).get('seed'),
        'loaded from': config.get('load_from'),
    }
    return {k: v for k, v in found.items() if v not in (None, '')}


def _types(item: Any) -> str:
    if not isinstance(item, Mapping):
        return ''
    if 'type' in item:
        return str(item['type'])
    return ', '.join(f'{k}: {_types(v)}' for k, v in item.items())


def _pairs(item: Any) -> str:
    pairs = item.items() if isinstance(item, Mapping) else ()
    return ', '.join(f'{key}={value}' for key, value in pairs)


def _precision(wrapper: Mapping[str, Any]) -> str:
    if 'Amp' not in str(wrapper.get('type')):
        return 'float32'
    return f'mixed: {wrapper.get("dtype") or "of the device"}'


def checkpoint_table(work_dir: Path) -> Table | None:
    """The checkpoints in the folder and their sizes; None without any."""
    found = [
        file
        for suffix in ('*.pth', '*.safetensors')
        for file in sorted(work_dir.glob(suffix))
    ]
    if not found:
        return None
    rows = [[f.name, f'{f.stat().st_size / 2**20:.1f}'] for f in found]
    return Table('In the work folder', ['file', 'MiB'], rows)


def config_text(config: Config | None) -> Code | None:
    """The whole config, folded; None where none was kept."""
    return config and Code('All of it', config.pretty_text)
