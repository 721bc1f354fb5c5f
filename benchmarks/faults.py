"""A run that is killed again and again ends as one that never was.

    python benchmarks/faults.py [--kills 20] [--writes 8] [--damaged 3]

A fusion model of three modalities is trained twice on random data: once
undisturbed, once killed (SIGKILL) at random moments and resumed as
``tools/train.py --resume`` does it. Of the moments, ``--writes`` are inside
the writing of a checkpoint: as soon as its temporary file has reached a
random share of its size. After ``--damaged`` of the kills the newest
checkpoint is cut off or a bit of it altered, so that the run has to go on
from the one before. Then everything that the two runs have left is compared
to the bit, see ``benchmarks/run_differences.py``. The last line of the output
is a JSON object.
"""

import argparse
import json
import os
import random
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import torch.utils.tensorboard  # noqa: E402, F401

import trimodal.engine  # noqa: E402
import trimodal.evaluation  # noqa: E402
import trimodal.models  # noqa: E402
import trimodal.visualization  # noqa: E402, F401
from benchmarks.run_differences import compare  # noqa: E402
from trimodal.datasets.annotations import SampleAnnotation  # noqa: E402
from trimodal.datasets.packed import PackedWriter  # noqa: E402

TEMPORARY = '*.pth.tmp'
ITERATIONS = 4  # of an epoch
STREAMS: dict[str, dict[str, Any]] = {
    'speech': {'sample_rate': 16000},
    'gesture': {'fps': 30.0},
    'image': {'encoding': 'raw'},
}
CONFIG = """
_base_ = ['{root}/configs/demo/cross-attention_small_b16-20e_demo.py']
train_dataloader = dict(
    batch_size=4, dataset=dict(data_root='{data}'), {workers})
val_dataloader = dict(
    batch_size=4, dataset=dict(data_root='{data}'), {workers})
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy'), dict(type='CalibrationError')]
custom_hooks = [dict(type='EMAHook', momentum=0.1)]
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(save_best=['accuracy/top1', 'calibration/ece'],
                    rule=['greater', 'less'], save_top_k=2))
train_cfg = dict(max_epochs={epochs}, val_interval=1)
"""
BY_ITERATIONS = """
train_cfg = dict(
    _delete_=True, by_epoch=False, max_iters={iterations}, val_interval=6)
train_dataloader['sampler'] = dict(type='InfiniteSampler', shuffle=True)
default_hooks['checkpoint'].update(by_epoch=False, interval=3)
default_hooks['logger'].update(log_metric_by_epoch=False)
log_processor = dict(by_epoch=False)
"""


@dataclass
class Kill:
    """One kill.

    Args:
        step (int): The step from which on it may come.
        in_write (bool): Whether it waits for the writing of a checkpoint.
        damage (bool): Whether the newest checkpoint is damaged after it.
        hit (str): What it hit. Defaults to ''.
    """

    step: int
    in_write: bool
    damage: bool
    hit: str = ''


def write_split(path: Path, count: int) -> None:
    """Random samples; each lacks a modality at times."""
    metainfo = {'classes': [str(label) for label in range(8)]}
    with PackedWriter(path, STREAMS, metainfo, {}) as writer:
        for index in range(count):
            rng = np.random.default_rng(index)
            hands = rng.normal(size=(9 + index % 5, 2, 21, 3))
            arrays: dict[str, Any] = {
                'speech': {'data': rng.integers(-9999, 9999, 4000, np.int16)},
                'gesture': {
                    'data': hands.astype(np.float16),
                    'score': np.ones(hands.shape[:2], np.float16),
                },
                'image': {'data': rng.integers(0, 256, (64, 64, 3), np.uint8)},
            }
            if index % 4 == 3:
                arrays[list(STREAMS)[index % 3]] = None
            annotation = SampleAnnotation(id=f'{index}', label=index % 8)
            writer.append(annotation, arrays)


def write_config(
    folder: Path, epochs: int, workers: int, by_epoch: bool
) -> Path:
    """Data and a config in a folder."""
    write_split(folder / 'train.h5', 4 * ITERATIONS)
    for split in ('val', 'test'):
        write_split(folder / f'{split}.h5', 4)
    settings = f'num_workers={workers}, persistent_workers={workers > 0}'
    if not workers:
        settings += ', prefetch_factor=None'
    text = CONFIG.format(
        root=ROOT, data=folder, workers=settings, epochs=epochs
    )
    if not by_epoch:
        text += BY_ITERATIONS.format(iterations=epochs * ITERATIONS)
    path = folder / 'faults.py'
    path.write_text(text)
    return path


def plan(
    rng: random.Random, kills: int, writes: int, damaged: int, steps: int
) -> list[Kill]:
    """Random moments of a run of so many steps, in their order."""
    moments = sorted(rng.randint(1, steps - 2) for _ in range(kills))
    chosen = set(rng.sample(range(kills), writes))
    damages = set(rng.sample(range(kills // 4, kills), damaged))
    return [
        Kill(step, index in chosen, index in damages)
        for index, step in enumerate(moments)
    ]


def start(config: Path, work_dir: Path) -> ForkProcess:
    """Train in another process, which goes on from what is there.

    It is a fork of this one, so that it need not import torch again.
    """
    work_dir.mkdir(exist_ok=True)
    running = get_context('fork').Process(
        target=_train, args=(str(config), str(work_dir))
    )
    running.start()
    return running


def _train(config: str, work_dir: str) -> None:
    """What the command line does."""
    with open(f'{work_dir}/output.txt', 'a') as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    tool = str(ROOT / 'tools' / 'train.py')
    sys.argv = [tool, config, '--resume', '--no-test', '--work-dir', work_dir]
    runpy.run_path(tool, run_name='__main__')


def steps_of(work_dir: Path, before: set[Path]) -> int:
    """The last step that the start which runs now has logged, else 0."""
    files = set(work_dir.glob('*/vis_data/scalars.json')) - before
    lines = [line for f in files for line in f.read_text().split('\n')[:-1]]
    values = [json.loads(line) for line in lines]
    return max((v['step'] for v in values if 'loss' in v), default=0)


def kill(work_dir: Path, config: Path, what: Kill, rng: random.Random) -> bool:
    """Start, wait for the moment, kill.

    Returns:
        bool: False if the run had ended before.
    """
    before = set(work_dir.glob('*/vis_data/scalars.json'))
    sizes = [p.stat().st_size for p in work_dir.glob('[ei]*_*.pth')]
    enough = rng.random() * max(sizes, default=0)
    running = start(config, work_dir)
    stale = _temporary(work_dir)
    while steps_of(work_dir, before) < what.step and running.is_alive():
        time.sleep(0.01)
    if what.in_write:
        while running.is_alive():
            files = _temporary(work_dir)
            if files != stale and max(files.values(), default=0) >= enough:
                break
    else:
        time.sleep(rng.random() * 0.5)
    running.kill()
    running.join()
    left = _temporary(work_dir)
    if left and left != stale:
        name, size = next(iter(left.items()))
        what.hit = f'the writing of {name[:-4]} at {size / 1e3:.0f} kB'
    return running.exitcode == -signal.SIGKILL


def _temporary(work_dir: Path) -> dict[str, int]:
    """Half-written files and their sizes; they come and go."""
    sizes = {}
    for path in work_dir.glob(TEMPORARY):
        try:
            sizes[path.name] = path.stat().st_size
        except FileNotFoundError:
            continue
    return sizes


def damage(work_dir: Path, rng: random.Random) -> str:
    """Cut the newest checkpoint off, or alter a bit of it."""
    pointer = work_dir / 'last_checkpoint'
    if not pointer.is_file() or len(list(work_dir.glob('[ei]*_*.pth'))) < 2:
        return ''
    path = Path(pointer.read_text())
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    if rng.random() < 0.5:
        path.write_bytes(data[:at])
        return f'{path.name} cut off at {at} bytes'
    data[at] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    return f'{path.name} altered at byte {at}'


def disturb(
    config: Path, work_dir: Path, kills: list[Kill], rng: random.Random
) -> Iterator[str]:
    """Train with kills, then to the end; tell what happened."""
    for index, moment in enumerate(kills):
        began = time.monotonic()
        if not kill(work_dir, config, moment, rng):
            raise RuntimeError(
                f'the run ended before kill {index + 1}: choose more --epochs '
                f'or see {work_dir}/output.txt'
            )
        hit = moment.hit or f'after step {moment.step}'
        hurt = damage(work_dir, rng) if moment.damage else ''
        moment.damage = bool(hurt)
        seconds = time.monotonic() - began
        yield f'kill {index + 1:2}: {hit}; {seconds:.0f} s; {hurt}'.rstrip(
            '; '
        )
    finish(config, work_dir)


def finish(config: Path, work_dir: Path) -> None:
    """Train to the end."""
    running = start(config, work_dir)
    running.join()
    if running.exitcode:
        raise RuntimeError(f'a run failed: see {work_dir}/output.txt')


def main() -> None:
    """Train, disturb, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--kills', type=int, default=20)
    parser.add_argument('--writes', type=int, default=8)
    parser.add_argument('--damaged', type=int, default=3)
    parser.add_argument('--epochs', type=int, default=10)
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--by-iterations', action='store_true')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--folder', type=Path, help='empty; kept afterwards')
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        by_epoch = not args.by_iterations
        config = write_config(folder, args.epochs, args.workers, by_epoch)
        finish(config, folder / 'straight')
        steps = args.epochs * ITERATIONS
        kills = plan(rng, args.kills, args.writes, args.damaged, steps)
        for line in disturb(config, folder / 'killed', kills, rng):
            print(line, flush=True)
        found = compare(folder / 'straight', folder / 'killed')
    for name, places in found.items():
        print(f'{name}: {"; ".join(places[:5]) or "the same"}')
    result = {
        'kills': len(kills),
        'in_writes': sum(bool(moment.hit) for moment in kills),
        'damaged': sum(moment.damage for moment in kills),
        'compared': list(found),
        'differences': sum(map(len, found.values())),
    }
    print(json.dumps(result))
    sys.exit(bool(result['differences']))


if __name__ == '__main__':
    main()
