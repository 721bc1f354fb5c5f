"""Writing many files so that a run can be stopped and taken up again."""

import hashlib
import json
import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.progress import track

Job = TypeVar('Job')

_RECEIPT = 'conversion.json'


class ConversionError(ValueError):
    """A source that can't be used, or an output folder that is taken."""


def check_least(options: object, **bounds: float) -> None:
    """Check that options are not below what they may be.

    Args:
        options (object): With an attribute for each.
        **bounds (float): The least value of each.

    Raises:
        ValueError: Naming the first that is below.
    """
    for name, bound in bounds.items():
        value = getattr(options, name)
        if value < bound:
            raise ValueError(f'{name} must be >= {bound}, got {value}')


def random_stream(seed: int, *names: object) -> np.random.Generator:
    """A generator that depends on ``seed`` and on what it is for.

    Every sample draws from a stream of its own, so that nothing depends on
    the order of work or on the number of processes.

    Args:
        seed (int): The run's seed, 0 or larger.
        *names (object): What the stream is for, told apart by their text.

    Returns:
        numpy.random.Generator: The stream.
    """
    keys = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.default_rng([seed, *keys])


def write_file(path: Path, data: bytes) -> None:
    """Write ``data``; the file has its name only once it is complete.

    Args:
        path (Path): Where to; its folder is made if missing.
        data (bytes): The whole content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'.{path.name}.{os.getpid()}.part')
    partial.write_bytes(data)
    partial.replace(path)


def to_json(content: Any) -> bytes:
    """JSON as bytes, the same for the same content."""
    return (json.dumps(content, indent=1) + '\n').encode()


def claim_folder(
    out: Path, converter: str, options: Mapping[str, Any], plan: Any
) -> None:
    """Mark ``out`` as the place of one conversion, or check that it is.

    Args:
        out (Path): Output folder; made if missing.
        converter (str): Which converter writes there.
        options (Mapping[str, Any]): Its options, for the reader.
        plan (Any): All that will be written, as JSON content.

    Raises:
        ConversionError: If ``out`` holds files of something else, or of a
            conversion with another plan.
    """
    receipt = {
        'converter': converter,
        'options': dict(options),
        'plan_sha256': hashlib.sha256(to_json(plan)).hexdigest(),
    }
    path = out / _RECEIPT
    if path.exists():
        found = json.loads(path.read_text())
        if found != receipt:
            raise ConversionError(
                f'{out} holds another conversion: '
                f'{_difference(found, receipt)}. Choose another --out or '
                'delete that folder.'
            )
        for partial in out.glob('*/*/.*.part'):
            partial.unlink()
    elif out.exists() and any(out.iterdir()):
        raise ConversionError(
            f'{out} is not empty and not from this converter. Choose '
            'another --out or delete that folder.'
        )
    else:
        write_file(path, to_json(receipt))


def _difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    if found.get('converter') != wanted['converter']:
        return f'it was made by {found.get("converter")!r}'
    old, new = found.get('options', {}), wanted['options']
    changed = [
        f'{key} was {old.get(key)!r}, now {new.get(key)!r}'
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    return '; '.join(changed) or 'of other sources or by another version'


def run_jobs(
    function: Callable[[Job], None],
    jobs: Sequence[Job],
    workers: int,
    label: str,
) -> None:
    """Call ``function`` on every job, in ``workers`` processes.

    Args:
        function (Callable): A module-level function of one job.
        jobs (Sequence): The jobs, each on its own.
        workers (int): Processes; 1 works in this one.
        label (str): What the progress bar says.

    Raises:
        ValueError: If ``workers`` is less than 1.
    """
    if workers < 1:
        raise ValueError(f'workers must be 1 or more, got {workers}')
    if workers == 1 or len(jobs) < 2:
        _follow(map(function, jobs), len(jobs), label)
        return
    count = min(workers, len(jobs))
    with ProcessPoolExecutor(count, mp_context=_context()) as pool:
        _follow(pool.map(function, jobs, chunksize=4), len(jobs), label)


def _context() -> BaseContext:
    """Clean processes: OpenCV's threads don't survive a plain fork."""
    if 'forkserver' not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context('spawn')
    context = multiprocessing.get_context('forkserver')
    # The imports are then paid for once, not by every worker.
    context.set_forkserver_preload([__package__])
    return context


def _follow(results: Iterable[None], total: int, label: str) -> None:
    if total:
        for _ in track(results, description=label, total=total):
            pass
