"""What the runner costs beside a bare loop, turn by turn.

    python benchmarks/runner_overhead.py

The TriDigits fusion config is trained by the Runner that tools/train.py
builds, with all of its hooks, logs and schedulers. After each block of
iterations a bare PyTorch loop takes its turn, in the same process and over
the same model, optimizer and batches: preprocessing, forward, backward,
clipping, step and, where the config has one, the exponential moving average
of torch.optim.swa_utils. The ratio is the median over pairs of neighbouring
blocks, of processor time (other processes on the machine do not count) and of
wall time. Batches are read before, once; a second, shorter run reads them as
in a training, with one worker, and tells how long it waited for them.

Processor time is always ``judged``. Wall time, which alone shows a loop that
waits, is judged too if the machine is quiet, so that it tells of the loops and
not of others: the wall times of the bare blocks, which all do the same, lie
within 5 % of their median, the middle half of them. ``met`` is whether each
ratio that is judged is at most ``required``.

Without data/tridigits_packed random samples of its sizes take its place.
"""

import argparse
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.hooks import EMAHook
from mmengine.runner import Runner
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset

from trimodal.datasets import PackedWriter, SampleAnnotation
from trimodal.engine.runner import TrainOptions, build_runner, train_config
from trimodal.registry import DATASETS

ROOT = Path(__file__).parents[1]
CONFIG = 'configs/tridigits/cross-attention_small_b32-20e_tridigits.py'
REQUIRED = 1.03
# How far the wall times of equal blocks may lie apart on a quiet machine.
QUIET = 0.05


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--config', default=str(ROOT / CONFIG))
    add('--blocks', type=int, default=24, help='blocks of either loop')
    add('--block', type=int, default=10, help='iterations of a block')
    add('--batch-size', type=int, default=32)
    add('--epochs', type=int, default=2, help='of the run with a worker')
    return parser.parse_args()


def make_data(path: Path, count: int, hands: int) -> None:
    """Random samples of the sizes that TriDigits has."""
    streams: dict[str, dict[str, Any]] = {
        'speech': {'sample_rate': 8000},
        'gesture': {'fps': 15.0},
        'image': {'encoding': 'raw'},
    }
    classes = [str(digit) for digit in range(10)]
    with PackedWriter(path, streams, {'classes': classes}, {}) as writer:
        for index in range(count):
            rng = np.random.default_rng(index)
            wave = rng.integers(-9999, 9999, rng.integers(2000, 6000), 'i2')
            frames = int(rng.integers(20, 40))
            arrays = {
                'speech': {'data': wave},
                'gesture': {
                    'data': rng.random((frames, hands, 21, 3)).astype('f2'),
                    'score': np.ones((frames, hands), 'f2'),
                },
                'image': {'data': rng.integers(0, 256, (28, 28, 3), 'u1')},
            }
            writer.append(
                SampleAnnotation(id=f'{index}', label=index % 10), arrays
            )


def make_config(args: argparse.Namespace, folder: Path) -> Config:
    """The config as tools/train.py reads it, without validation."""
    options = TrainOptions(work_dir=str(folder / 'work'))
    config = train_config(args.config, options)
    loader = config.train_dataloader
    loader.batch_size = args.batch_size
    if not Path(config.data_root, 'train.h5').is_file():
        gesture = config.model.data_preprocessor.modalities.gesture
        hands = gesture.get('num_hands', 2)
        make_data(folder / 'train.h5', 4 * args.batch_size, hands)
        loader.dataset.data_root = str(folder)
    for part in ('dataloader', 'cfg', 'evaluator'):
        config[f'val_{part}'] = config[f'test_{part}'] = None
    return config


class _Numbers(Dataset):
    """As many as there are iterations; mmengine looks at its length."""

    metainfo: dict[str, Any] = {}

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        return index


class Turns(DataLoader):
    """Gives the runner its batches, and the bare loop a turn in between.

    Args:
        batches (list): What is trained on, over and over.
        blocks (int): Of either loop.
        block (int): Iterations of a block.
    """

    def __init__(self, batches: list, blocks: int, block: int) -> None:
        super().__init__(_Numbers(blocks * block), batch_size=1)
        self.batches, self.blocks, self.block = batches, blocks, block
        self.bare: Any = None
        self.taken: dict[str, list[tuple[float, float]]] = {
            'runner': [],
            'bare': [],
        }

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        for index in range(self.blocks):
            start = index * self.block
            rows = [
                self.batches[i % len(self.batches)]
                for i in range(start, start + self.block)
            ]
            began = now()
            yield from rows
            self._note('runner', began)
            began = now()
            for batch in rows:
                self.bare(batch)
            self._note('bare', began)

    def _note(self, name: str, began: tuple[float, float]) -> None:
        wall, processor = now()
        self.taken[name].append((wall - began[0], processor - began[1]))


def now() -> tuple[float, float]:
    """Wall and processor time."""
    return time.perf_counter(), time.process_time()


class BareStep:
    """What a loop without a runner does with a batch.

    Args:
        runner (Runner): Whose model and optimizer it takes.
    """

    def __init__(self, runner: Runner) -> None:
        self.model = runner.model
        self.optimizer = runner.optim_wrapper.optimizer
        self.limit = runner.optim_wrapper.clip_grad_kwargs
        self.average: AveragedModel | None = None
        for hook in runner.hooks:
            if isinstance(hook, EMAHook):
                momentum = hook.ema_cfg['momentum']
                self.average = AveragedModel(
                    self.model,
                    multi_avg_fn=get_ema_multi_avg_fn(1 - momentum),
                )

    def __call__(self, batch: Any) -> None:
        """Train on it."""
        data = self.model.data_preprocessor(batch, True)
        losses = self.model(**data, mode='loss')
        loss = sum(value for key, value in losses.items() if 'loss' in key)
        self.optimizer.zero_grad()
        loss.backward()
        if self.limit:
            torch.nn.utils.clip_grad_norm_(
                self.model.parameters(), **self.limit
            )
        self.optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.model)


def measure(args: argparse.Namespace, folder: Path) -> dict:
    """Both loops, and the waiting of a run with a worker."""
    config = make_config(args, folder)
    waiting = measure_waiting(config.copy(), args.epochs)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    size = args.batch_size
    batches = [
        pseudo_collate([dataset[i] for i in range(start, start + size)])
        for start in range(0, len(dataset) - size + 1, size)
    ][: args.block]
    turns = Turns(batches, args.blocks, args.block)
    config.train_cfg = {'by_epoch': True, 'max_epochs': 1}
    runner = build_runner(config)
    runner._train_dataloader = turns
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    turns.bare = BareStep(runner)
    runner.train()
    return {**summary(turns.taken), 'waiting': waiting}


def measure_waiting(config: Config, epochs: int) -> dict:
    """Medians of the time for data and of the whole, in ms an iteration."""
    config.train_cfg = {'by_epoch': True, 'max_epochs': epochs}
    config.work_dir += '_waiting'
    runner = build_runner(config)
    runner.train()
    scalars = runner.message_hub.log_scalars
    # Not the first epoch: its first batches wait for the worker to start.
    first = len(runner.train_dataloader) if epochs > 1 else 0
    data, whole = (
        scalars[f'train/{name}'].data[0][first:]
        for name in ('data_time', 'time')
    )
    return {
        'workers': config.train_dataloader.num_workers,
        'data_ms': round(1000 * float(np.median(data)), 2),
        'iteration_ms': round(1000 * float(np.median(whole)), 2),
        'share': round(float(data.sum() / whole.sum()), 4),
    }


def summary(taken: dict[str, list[tuple[float, float]]]) -> dict:
    """Medians over the blocks, the first of which warms up.

    Args:
        taken (dict): Wall and processor time of each block, of ``runner``
            and ``bare``.

    Returns:
        dict: For JSON.
    """
    ratios = {}
    for place, name in enumerate(('wall', 'processor')):
        pairs = zip(taken['runner'][1:], taken['bare'][1:], strict=True)
        found = [ours[place] / theirs[place] for ours, theirs in pairs]
        ratios[name] = round(statistics.median(found), 4)
    bare = statistics.median(processor for _, processor in taken['bare'])
    quiet = is_quiet([wall for wall, _ in taken['bare'][1:]])
    judged = ['processor', 'wall'] if quiet else ['processor']
    return {
        'benchmark': 'runner_overhead',
        'blocks': len(taken['bare']),
        'bare_block_seconds': round(bare, 3),
        'ratios': ratios,
        'required': REQUIRED,
        'judged': judged,
        'met': all(ratios[name] <= REQUIRED for name in judged),
    }


def is_quiet(seconds: list[float]) -> bool:
    """Whether the middle half of equal work took about the same time.

    Args:
        seconds (list[float]): Wall times of blocks of the same work.

    Returns:
        bool: False for fewer than 4, which say nothing.
    """
    if len(seconds) < 4:
        return False
    low, middle, high = statistics.quantiles(seconds, n=4, method='inclusive')
    return max(high - middle, middle - low) <= QUIET * middle


def main() -> None:
    """Measure, tell, and print a JSON object as the last line."""
    args = parse_args()
    logging.getLogger('mmengine').setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(args, Path(folder))
    waiting = result['waiting']
    print(
        f'runner over bare loop: {result["ratios"]["processor"]:.3f} of '
        f'processor time, {result["ratios"]["wall"]:.3f} of wall time; '
        f'judged: {" and ".join(result["judged"])}'
    )
    print(
        f'waiting for data with {waiting["workers"]} worker: '
        f'{waiting["data_ms"]} of {waiting["iteration_ms"]} ms'
    )
    print(json.dumps(result))


if __name__ == '__main__':
    main()
