"""What the index of a data set costs: time to start, memory per worker.

For 10**4, 10**5 and 10**6 samples (tiny media, full annotations) a packed
file is written once. Then, in a fresh process for each:

- start: seconds to build ``PackedTriModalDataset`` and read a sample;
- first batch: seconds until a DataLoader with new workers gives one;
- memory per extra worker: a DataLoader with two workers reads 20,000 samples
  in random order, which touches the index all over; then each worker reports
  the memory that is its own (USS: private pages, of /proc/self/smaps_rollup)
  and its share (PSS). The index costs what this is more than with 16 samples.

Both for workers that are forked and for such as are spawned. Required: less
than 20 MB more per worker at 10**6 samples, and no time that grows faster
than the number of samples does.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from trimodal.datasets import (
    PackedTriModalDataset,
    PackedWriter,
    SampleAnnotation,
)

SIZES = (10_000, 100_000, 1_000_000)
BASE, READS, WORKERS = 16, 20_000, 2
LIMIT_MB = 20.0
STREAMS = {
    'speech': {'sample_rate': 16000},
    'gesture': {'fps': 30.0},
    'image': {'encoding': 'raw'},
}


def write(path: Path, count: int) -> None:
    streams = {
        'speech': {'data': np.zeros(8, np.int16)},
        'gesture': {'data': np.zeros((1, 2, 1, 3), np.float16)},
        'image': {'data': np.zeros((2, 2, 3), np.uint8)},
    }
    with PackedWriter(path, STREAMS, {'classes': [*'abc']}, {}) as writer:
        for i in range(count):
            annotation = SampleAnnotation(
                id=f'sample_{i:07d}',
                group=f'speaker_{i % 100}',
                label=i % 3,
                transcription='hello world',
                metadata={'duration': 0.5},
            )
            writer.append(annotation, streams)


def private_and_share() -> list[float]:
    """USS and PSS of this process in MB."""
    sizes = {}
    for line in Path('/proc/self/smaps_rollup').read_text().splitlines()[1:]:
        name, size = line.split()[:2]
        sizes[name.rstrip(':')] = int(size) / 1024
    private = sizes['Private_Clean'] + sizes['Private_Dirty']
    return [private, sizes['Pss']]


class Reader:
    """Reads samples; the last item of a worker's share tells its memory."""

    def __init__(self, dataset: PackedTriModalDataset) -> None:
        self.dataset = dataset

    def __getitem__(self, i: int) -> list[float]:
        if i < 0:
            return private_and_share()
        self.dataset.get_data_info(i)['gt_label']
        return []


class Order:
    """Random batches, then one batch of -1 for each worker."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng(0)
        for _ in range(READS // 100):
            yield rng.integers(self.count, size=100).tolist()
        for _ in range(WORKERS):
            yield [-1]

    def __len__(self) -> int:
        return READS // 100 + WORKERS


def last(batch: list[list[float]]) -> list[float]:
    return batch[-1]


def measure(path: str, context: str) -> dict[str, float]:
    """Run in a process of its own."""
    begin = time.perf_counter()
    dataset = PackedTriModalDataset(path)
    dataset.get_data_info(len(dataset) - 1)
    start = time.perf_counter() - begin
    loader: DataLoader = DataLoader(
        Reader(dataset),  # type: ignore[arg-type]
        batch_sampler=Order(len(dataset)),  # type: ignore[arg-type]
        num_workers=WORKERS,
        multiprocessing_context=context,
        collate_fn=last,
    )
    begin = time.perf_counter()
    batches = iter(loader)
    next(batches)
    first = time.perf_counter() - begin
    memory = np.array([found for found in batches if found])
    assert len(memory) == WORKERS
    uss, pss = memory.mean(0).tolist()
    return {
        'start_s': start,
        'first_batch_s': first,
        'uss_mb': uss,
        'pss_mb': pss,
    }


def in_fresh_process(path: Path, context: str) -> dict[str, float]:
    command = [sys.executable, __file__, '--measure', str(path), context]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def compare(folder: Path, sizes: list[int], context: str) -> dict[str, object]:
    """Measure every size, and subtract what any data set costs."""
    base, *rows = [
        in_fresh_process(folder / f'{count}.h5', context)
        for count in (BASE, *sizes)
    ]
    table = {
        str(count): {
            'start_s': round(row['start_s'], 4),
            'first_batch_s': round(row['first_batch_s'], 3),
            'worker_uss_mb': round(row['uss_mb'], 1),
            'worker_pss_mb': round(row['pss_mb'], 1),
            'index_mb_per_worker': round(row['uss_mb'] - base['uss_mb'], 2),
        }
        for count, row in zip(sizes, rows, strict=True)
    }
    growth = rows[-1]['start_s'] / rows[0]['start_s']
    index = rows[-1]['uss_mb'] - base['uss_mb']
    return {
        'by_samples': table,
        'start_growth': round(growth, 2),
        'samples_growth': sizes[-1] / sizes[0],
        'met': {
            'index_mb_per_worker': index < LIMIT_MB,
            'start_linear': growth <= sizes[-1] / sizes[0],
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sizes', type=int, nargs='+', default=[*SIZES])
    parser.add_argument('--folder', help='where to write; default: a new one')
    parser.add_argument('--measure', nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        torch.set_num_threads(1)
        print(json.dumps(measure(*args.measure)))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        for count in (BASE, *args.sizes):
            write(folder / f'{count}.h5', count)
        contexts = {
            context: compare(folder, args.sizes, context)
            for context in ('fork', 'spawn')
        }
    result = {
        'benchmark': 'index_scale',
        'workers': WORKERS,
        'reads': READS,
        'required': {
            'index_mb_per_worker': f'< {LIMIT_MB} at {args.sizes[-1]}',
            'start_linear': 'time grows no faster than the samples',
        },
        **contexts,
        'met': all(all(c['met'].values()) for c in contexts.values()),
    }
    print(json.dumps(result))


if __name__ == '__main__':
    main()
