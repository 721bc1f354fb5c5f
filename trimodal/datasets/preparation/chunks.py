"""Finished chunks of a run, kept on disk until the packed file is whole."""

import os
import pickle
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trimodal.datasets.annotation_types import SampleAnnotation
from trimodal.datasets.preparation.base import Problem
from trimodal.datasets.preparation.sample import Arrays

FOLDER = '.partial'


@dataclass(frozen=True)
class PreparedSample:
    """One sample as the packed writer takes it.

    Args:
        annotation (SampleAnnotation): As the preparation moved it.
        arrays (Arrays): By modality; None where absent.
        problems (Sequence[Problem]): What it lost, and why.
    """

    annotation: SampleAnnotation
    arrays: Arrays
    problems: Sequence[Problem]


class ChunkStore:
    """The folder of one run's finished chunks.

    It is named by the run's fingerprint, so a changed config or input never
    meets chunks of another. A chunk is renamed into place when it is whole.

    Args:
        output (Path): The output folder.
        name (str): Of the file that is being made.
        fingerprint (str): Of the run.
    """

    def __init__(self, output: Path, name: str, fingerprint: str) -> None:
        self.parent = output / FOLDER
        self.name = name
        self.folder = self.parent / f'{name}-{fingerprint[:16]}'
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, index: int) -> Path:
        """Where chunk ``index`` is or will be."""
        return self.folder / f'chunk-{index:06d}.pkl'

    def has(self, index: int) -> bool:
        """Whether chunk ``index`` is finished."""
        return self.path(index).is_file()

    def save(self, index: int, samples: list[PreparedSample]) -> None:
        """Keep a finished chunk."""
        unfinished = self.folder / f'.{index:06d}-{os.getpid()}'
        with unfinished.open('wb') as file:
            pickle.dump(samples, file, pickle.HIGHEST_PROTOCOL)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path(index))

    def load(self, count: int) -> Iterator[PreparedSample]:
        """All samples of the first ``count`` chunks, in order."""
        for index in range(count):
            with self.path(index).open('rb') as file:
                yield from pickle.load(file)

    def remove(self) -> None:
        """Delete the chunks of this and of earlier runs for this file."""
        for folder in self.parent.glob(f'{self.name}-*'):
            fingerprint = folder.name[len(self.name) + 1 :]
            if '-' not in fingerprint:  # not train-00000-of-00002's
                shutil.rmtree(folder, ignore_errors=True)
        # Other shards may be made at the same time: theirs stay, or they
        # were faster.
        with suppress(OSError):
            self.parent.rmdir()
