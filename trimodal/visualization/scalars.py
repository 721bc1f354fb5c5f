"""What a run logged, read from mmengine's scalars.json."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trimodal.utils.metric_rules import lower_is_better

Points = tuple[np.ndarray, np.ndarray]
# How LocalVisBackend writes what JSON has no number for.
NOT_FINITE = ('NaN', 'Infinity', '-Infinity')
# How the names of a test's line begin.
_TEST = '"test/'
_COUNTERS = ('iter', 'epoch', 'step')


@dataclass(frozen=True)
class Scalars:
    """What a run logged.

    Args:
        train (dict[str, Points]): For each key of the training steps, the
            x (epochs, with fractions; else iterations) and the values.
        val (dict[str, Points]): Likewise for each validation metric.
        by_epoch (bool): Whether x counts epochs.
    """

    train: dict[str, Points]
    val: dict[str, Points]
    by_epoch: bool

    @property
    def unit(self) -> str:
        """What x counts: ``'epoch'`` or ``'iteration'``."""
        return 'epoch' if self.by_epoch else 'iteration'

    def points(self, key: str) -> Points | None:
        """The curve of ``key``: a validation's, else a training's."""
        return self.val.get(key, self.train.get(key))


def best_index(key: str, values: np.ndarray) -> int | None:
    """Where the best of a figure's values is; None if none is finite."""
    values = np.where(np.isfinite(values), values, np.nan)
    if np.isnan(values).all():
        return None
    best = np.nanargmin if lower_is_better(key) else np.nanargmax
    return int(best(values))


def load_scalars(path: str | Path) -> Scalars:
    """Read what a run logged.

    A work folder may hold several starts of one run. They are joined: a
    start replaces what an earlier one logged from its first record on, as is
    right for a resumed run, and for one begun anew. Lines of tests are passed
    over.

    Args:
        path (str | Path): A work folder, one of its time-stamped folders,
            or a ``scalars.json``.

    Returns:
        Scalars: The curves.

    Raises:
        FileNotFoundError: If there is no ``scalars.json``.
        ValueError: If nothing was logged yet.
    """
    records: list[dict] = []
    files = scalar_files(Path(path))
    for file in files:
        new = _read(file)
        if new:
            records = [r for r in records if _comes_before(r, new[0])] + new
    if not records:
        raise ValueError(f'nothing was logged yet in {files[-1]}')
    train = [r for r in records if 'iter' in r]
    val = [r for r in records if 'iter' not in r]
    by_epoch = all('epoch' in r for r in train)
    # Record i of epoch e says that an epoch has i / e iterations or more;
    # the last of an epoch says it exactly.
    steps = (
        max((r['iter'] / r['epoch'] for r in train), default=1)
        if by_epoch
        else 1
    )
    return Scalars(
        _curves(train, [r['iter'] / steps for r in train]),
        _curves(val, [r['step'] for r in val]),
        by_epoch,
    )


def scalar_files(path: Path) -> list[Path]:
    """Every ``scalars.json`` of a training, in the order of its starts.

    Those of starts that only tested are none.

    Raises:
        FileNotFoundError: If there is none.
    """
    if path.is_file():
        return [path]
    for pattern in ('*/vis_data/scalars.json', 'vis_data/scalars.json'):
        # The folders' names are times, so this is the order of the starts.
        found = [f for f in sorted(path.glob(pattern)) if not _is_test(f)]
        if found:
            return found
    raise FileNotFoundError(
        f'no scalars.json in {path}: expected a work folder of a training, '
        'or the file itself, and LocalVisBackend among vis_backends'
    )


def _is_test(file: Path) -> bool:
    with open(file, encoding='utf-8') as lines:
        return _TEST in lines.readline()  # a training's begins otherwise


def _read(file: Path) -> list[dict]:
    records: list[dict] = []
    last = 0
    for line in file.read_text(encoding='utf-8').splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # the half line of a run that was killed
        if _TEST in line:
            continue  # of weights that may be older: no point of a curve
        last = record.get('iter', last)
        if record.get('step') == 0 and 'iter' not in record:
            # A loop by iterations whose validations mmengine's LoggerHook
            # counts by epochs (log_metric_by_epoch): all are at 0.
            record['step'] = last
        records.append(
            {
                key.removeprefix('train/').removeprefix('val/'): (
                    float(value) if value in NOT_FINITE else value
                )
                for key, value in record.items()
            }
        )
    return records


def _comes_before(record: dict, first: dict) -> bool:
    """Whether a record is older than the first one of a later start."""
    if 'iter' in first and 'iter' in record:
        return record['iter'] < first['iter']
    if 'iter' in first:  # a validation: of an epoch, after its steps
        return record['step'] < first.get('epoch', first['iter'])
    if 'iter' in record:
        return record.get('epoch', record['iter']) <= first['step']
    return record['step'] < first['step']


def _curves(records: list[dict], x: list[float]) -> dict[str, Points]:
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for at, record in zip(x, records, strict=True):
        for key, value in record.items():
            if isinstance(value, int | float) and key not in _COUNTERS:
                xs, ys = curves.setdefault(key, ([], []))
                xs.append(at)
                ys.append(value)
    return {k: (np.array(xs), np.array(ys)) for k, (xs, ys) in curves.items()}
