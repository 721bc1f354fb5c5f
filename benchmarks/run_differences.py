"""What two finished runs differ in, to the bit.

    python benchmarks/run_differences.py WORK_DIR OTHER_WORK_DIR

Compared are the checkpoints of the same names (weights, averaged weights,
optimizer, schedules, random states, metrics and histories of the log) and the
scalars that were logged, all starts of a run one after the other, line by
line. Left out is what tells the time or the place: see ``IGNORED``.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from trimodal.utils.checkpoint import load_file

# Durations, memory and what is made of them; paths, dates and git's state.
IGNORED = (
    'time',
    'eta',
    'memory',
    'throughput',
    'samples_per_second',
    'experiment_name',
    'cfg',
    'mmengine_version',
    'log_sizes',
)


def is_ignored(key: Any) -> bool:
    """Whether a key, or its last part, is one of ``IGNORED``."""
    name = str(key).rsplit('/', 1)[-1]
    return any(name == i or name.endswith(f'_{i}') for i in IGNORED)


def differences(ours: Any, theirs: Any, where: str = '') -> Iterator[str]:
    """Name each place where two nested values differ.

    Args:
        ours (Any): Tensors, containers and plain values.
        theirs (Any): The same.
        where (str): Where in the whole they are. Defaults to ''.

    Yields:
        str: Such as ``optimizer.state.3.exp_avg``.
    """
    inside = f'{where}.' if where else ''
    if type(ours) is not type(theirs):
        yield f'{where}: {type(ours).__name__}, {type(theirs).__name__}'
    elif isinstance(ours, torch.Tensor):
        if not _same_bits(ours, theirs):
            yield where
    elif isinstance(ours, dict):
        for key in {**ours, **theirs}:
            if is_ignored(key):
                continue
            if key not in ours or key not in theirs:
                yield f'{inside}{key}: only in one'
            else:
                place = f'{inside}{key}'
                yield from differences(ours[key], theirs[key], place)
    elif isinstance(ours, list | tuple):
        if len(ours) != len(theirs):
            yield f'{where}: {len(ours)} and {len(theirs)} items'
        for index, pair in enumerate(zip(ours, theirs, strict=False)):
            yield from differences(*pair, f'{inside}{index}')
    elif where.rsplit('.', 1)[-1].startswith(('last_ckpt', 'best_ckpt')):
        if Path(str(ours)).name != Path(str(theirs)).name:
            yield f'{where}: {ours}, {theirs}'
    elif ours != theirs and (ours == ours or theirs == theirs):
        yield f'{where}: {ours}, {theirs}'


def logged(work_dir: Path) -> list[dict[str, Any]]:
    """Every line of scalars that a run logged, in the order of its starts."""
    return [
        {k: v for k, v in json.loads(line).items() if not is_ignored(k)}
        for file in sorted(work_dir.glob('*/vis_data/scalars.json'))
        for line in file.read_text('utf-8').splitlines()
    ]


def compare(ours: Path, theirs: Path) -> dict[str, list[str]]:
    """Compare two work folders.

    Args:
        ours (Path): One.
        theirs (Path): The other.

    Returns:
        dict[str, list[str]]: ``files``, ``log`` and the name of each
        checkpoint to what differs; all empty if nothing does.
    """
    names = [sorted(p.name for p in d.glob('*.pth*')) for d in (ours, theirs)]
    found = {
        'files': list(differences(*names)),
        'log': list(differences(logged(ours), logged(theirs))),
    }
    for name in sorted(set(names[0]) & set(names[1])):
        pair = [load_file(folder / name, 'cpu') for folder in (ours, theirs)]
        found[name] = list(differences(*pair))
    return found


def _same_bits(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return False
    flat = [t.contiguous().flatten().view(torch.uint8) for t in (ours, theirs)]
    return torch.equal(*flat)


def main() -> None:
    """Compare and print; the status is 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('ours', type=Path)
    parser.add_argument('theirs', type=Path)
    args = parser.parse_args()
    found = compare(args.ours, args.theirs)
    for name, places in found.items():
        text = 'the same' if not places else '; '.join(places[:5])
        print(f'{name}: {text}')
    sys.exit(any(found.values()))


if __name__ == '__main__':
    main()
