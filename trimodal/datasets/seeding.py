"""Chance that depends on seed, epoch and sample, and on nothing else.

The same sample gets the same augmentation in the same epoch whatever the
number of workers, whichever of them reads it, and after a resume.
"""

import random
import struct
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from numpy.random.bit_generator import ISpawnableSeedSequence
from numpy.typing import DTypeLike

_KEY = struct.Struct('<4q')


class RepeatedIndex(int):
    """An index that says for the how manieth time it is given, or when.

    A data set of trimodal draws other random numbers for each ``repeat`` in
    an epoch, and takes ``epoch`` for the present one if it is not None; for
    anybody else it is an int. What wrappers of data sets do to find the
    sample of one of theirs, ``-`` and ``%``, keeps both.

    Examples:
        >>> from trimodal.datasets.seeding import RepeatedIndex
        >>> RepeatedIndex.of(7, repeat=2).repeat, RepeatedIndex.of(7) + 1
        (2, 8)
        >>> index = RepeatedIndex.of_epoch(RepeatedIndex.of(7, repeat=2), 5)
        >>> index - 3, (index - 3).repeat, (index % 4).epoch
        (4, 2, 5)
    """

    repeat: int = 0
    epoch: int | None = None

    @classmethod
    def of(cls, index: int, repeat: int = 0) -> 'RepeatedIndex':
        """Index ``index``, for the ``repeat``-th time again."""
        self = cls(index)
        self.repeat = repeat
        return self

    @classmethod
    def of_epoch(cls, index: int, epoch: int) -> 'RepeatedIndex':
        """Index ``index``, with its repeat if it has one, in an epoch."""
        self = cls.of(index, getattr(index, 'repeat', 0))
        self.epoch = epoch
        return self

    def __sub__(self, other: int) -> 'RepeatedIndex':
        return self._moved_to(int(self) - int(other))

    def __mod__(self, other: int) -> 'RepeatedIndex':
        return self._moved_to(int(self) % int(other))

    def _moved_to(self, index: int) -> 'RepeatedIndex':
        moved = type(self).of(index, self.repeat)
        moved.epoch = self.epoch
        return moved


class SampleSeed(ISpawnableSeedSequence):
    """The seed of one sample in one epoch.

    It stands in for numpy's ``SeedSequence``, which takes longer than the
    reading of the whole sample.

    Args:
        seed (int): That of the data set.
        epoch (int): The epoch.
        index (int): The sample.
        repeat (int): Counts how often it came before in this epoch. Defaults
            to 0.

    Raises:
        struct.error: If one of them does not fit into 64 bits.

    Examples:
        >>> from trimodal.datasets.seeding import SampleSeed
        >>> first = SampleSeed(0, epoch=3, index=7).generator().random()
        >>> first == SampleSeed(0, epoch=3, index=7).generator().random()
        True
        >>> first == SampleSeed(0, epoch=3, index=8).generator().random()
        False
    """

    def __init__(
        self, seed: int, epoch: int, index: int, repeat: int = 0
    ) -> None:
        self.key = _KEY.pack(seed, epoch, index, repeat)

    def generate_state(
        self, n_words: int, dtype: DTypeLike = np.uint32
    ) -> np.ndarray:
        """Give up to 64 bytes of state words."""
        return np.frombuffer(blake2b(self.key).digest(), dtype, n_words)

    def spawn(self, n_children: int) -> list[Any]:
        """Seeds for ``Generator.spawn``."""
        entropy = self.generate_state(4).tolist()
        return np.random.SeedSequence(entropy).spawn(n_children)

    def generator(self) -> np.random.Generator:
        """A new generator with this seed."""
        # numpy's stubs know its own class only; its manual says any will do.
        bits = np.random.PCG64(self)  # type: ignore[arg-type]
        return np.random.Generator(bits)

    def seed_globals(self) -> None:
        """Seed python's, numpy's and torch's global generators.

        Of torch only the CPU's: a worker has no business with a GPU, and
        ``torch.manual_seed`` would take a hundred times as long.
        """
        words = self.generate_state(3).tolist()
        random.seed(words[0])
        np.random.seed(words[1])
        torch.default_generator.manual_seed(words[2])
