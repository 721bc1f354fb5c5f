"""Samples per second: the older HDF5 layout, ours, and bare numpy.memmap.

The same samples (speech of 0.25 to 1 s at 16 kHz, int16; 16 gesture frames
[16, 2, 21, 3], float16; images [64, 64, 3], uint8) are written three ways
and read in the same random order, one after the other, in one process:

- older: ``{split}_features.h5`` with one data set per sample under /speech,
  /gesture and /image, read the plain way: h5py, file kept open,
  ``file['speech'][id][()]``.
- packed: ``PackedTriModalDataset.get_data_info(i)``, the very call that
  training makes before its transforms; it also gives id, label and group,
  and a seeded random generator, which the other two do not.
- memmap: one flat file per modality through ``numpy.memmap``, sliced by
  offsets that are held in memory.

In all three every array is then copied, so that each of its bytes is read.
Files are in the page cache: all is read once before. The time of a reader is
the sum over blocks of 20 samples, each timed in several rounds (five times
as many for the two fast ones), of which the best counts: what other processes
on the machine take away in between is left out for all three alike.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

from trimodal.datasets import (
    PackedTriModalDataset,
    PackedWriter,
    SampleAnnotation,
)

BLOCK = 20
REQUIRED = {'packed_over_older': 20.0, 'packed_over_memmap': 0.7}
STREAMS = {
    'speech': {'sample_rate': 16000},
    'gesture': {'fps': 30.0},
    'image': {'encoding': 'raw'},
}
Sample = dict[str, np.ndarray]
Read = Callable[[int], list[np.ndarray]]


def samples(count: int) -> Iterator[Sample]:
    rng = np.random.default_rng(0)
    for _ in range(count):
        length = int(rng.integers(4000, 16001))
        yield {
            'speech': rng.integers(-32768, 32768, length, dtype=np.int16),
            'gesture': rng.random((16, 2, 21, 3)).astype(np.float16),
            'image': rng.integers(0, 256, (64, 64, 3), dtype=np.uint8),
        }


def older(folder: Path, count: int) -> Read:
    path = folder / 'train_features.h5'
    with h5py.File(path, 'w') as file:
        groups = {name: file.create_group(name) for name in STREAMS}
        for i, sample in enumerate(samples(count)):
            for name, data in sample.items():
                groups[name][f'sample_{i:06d}'] = data
    file = h5py.File(path, 'r')

    def read(i: int) -> list[np.ndarray]:
        key = f'sample_{i:06d}'
        return [file[name][key][()] for name in STREAMS]

    return read


def packed(folder: Path, count: int) -> Read:
    path = folder / 'train.h5'
    with PackedWriter(path, STREAMS, {}, {}) as writer:
        for i, sample in enumerate(samples(count)):
            annotation = SampleAnnotation(
                id=f'sample_{i:06d}', group=f'speaker_{i % 10}', label=i % 10
            )
            writer.append(
                annotation, {name: {'data': x} for name, x in sample.items()}
            )
    dataset = PackedTriModalDataset(str(path))

    def read(i: int) -> list[np.ndarray]:
        info = dataset.get_data_info(i)
        return [info[name] for name in STREAMS]

    return read


def memmap(folder: Path, count: int) -> Read:
    tails = {'speech': (), 'gesture': (2, 21, 3), 'image': (64, 3)}
    types = {'speech': 'i2', 'gesture': 'f2', 'image': 'u1'}
    lengths: dict[str, list[int]] = {name: [0] for name in STREAMS}
    files = {name: (folder / f'{name}.raw').open('wb') for name in STREAMS}
    for sample in samples(count):
        for name, data in sample.items():
            lengths[name].append(len(data))
            files[name].write(data.tobytes())
    streams = []
    for name, file in files.items():
        file.close()
        flat = np.memmap(file.name, types[name], 'r')
        offsets = np.cumsum(lengths[name])
        streams.append((flat.reshape(-1, *tails[name]), offsets))

    def read(i: int) -> list[np.ndarray]:
        return [data[at[i] : at[i + 1]] for data, at in streams]

    return read


def time_blocks(read: Read, order: list[int]) -> np.ndarray:
    """Seconds for each block, to read all samples and every byte of them."""
    seconds = []
    for begin in range(0, len(order), BLOCK):
        start = time.perf_counter()
        for i in order[begin : begin + BLOCK]:
            for array in read(i):
                array.copy()
        seconds.append(time.perf_counter() - start)
    return np.array(seconds)


def check_same(readers: dict[str, Read], order: list[int]) -> None:
    """The three must give the same arrays, or the race is off."""
    for i in order[:50]:
        for one, two, three in zip(
            *(r(i) for r in readers.values()), strict=True
        ):
            np.testing.assert_array_equal(one, two)
            np.testing.assert_array_equal(one, three)


def measure(folder: Path, count: int, rounds: int) -> dict[str, object]:
    readers = {
        make.__name__: make(folder, count) for make in (older, packed, memmap)
    }
    order = np.random.default_rng(1).permutation(count).tolist()
    check_same(readers, order)
    best = {name: time_blocks(read, order) for name, read in readers.items()}
    best = {name: np.full_like(best[name], np.inf) for name in best}
    for _ in range(rounds):
        for name in ('older', *('packed', 'memmap') * 5):
            seconds = time_blocks(readers[name], order)
            best[name] = np.minimum(best[name], seconds)
    rates = {
        name: float(count / seconds.sum()) for name, seconds in best.items()
    }
    ratios = {
        'packed_over_older': rates['packed'] / rates['older'],
        'packed_over_memmap': rates['packed'] / rates['memmap'],
    }
    return {
        'benchmark': 'data_loading',
        'samples': count,
        'rounds': rounds,
        'samples_per_second': {k: round(v) for k, v in rates.items()},
        'ratios': {k: round(v, 2) for k, v in ratios.items()},
        'required': REQUIRED,
        'met': {k: bool(ratios[k] >= v) for k, v in REQUIRED.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--samples', type=int, default=4000)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--folder', help='where to write; default: a new one')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        result = measure(Path(folder), args.samples, args.rounds)
    print(json.dumps(result))


if __name__ == '__main__':
    main()
