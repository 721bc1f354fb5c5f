"""Reads packed files, one or many, as one sequence of samples."""

import glob
import re
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.packed.columns import AnnotationTable
from trimodal.datasets.packed.header import PackedHeader, read_header
from trimodal.datasets.packed.shard import PackedShard, Stream

SHARD_NAME = re.compile(r'(?P<stem>.*)-(?P<k>\d{5})-of-(?P<n>\d{5})\.h5')
Arrays = dict[str, np.ndarray]


class PackedReader:
    """The samples of one packed file, or of the shards of a split in order.

    The constructor reads headers only. Samples come as read-only views of
    the mapped files; each process maps them when it first needs them, so a
    reader pickles small and works in forked and in spawned workers.

    Args:
        path (str | Path | Sequence[str | Path]): A file, several, or a glob
            pattern of shards such as ``'data/train-*.h5'``, whose set must
            be complete.
        modalities (Sequence[str] | None): The streams to read. None reads
            all. Defaults to None.

    Attributes:
        paths (list[Path]): The files, in order.
        metainfo (dict): Metainfo of the annotation file.
        preparation (dict): The config that made the (first) file.
        modalities (tuple[str, ...]): The streams that are read.
        attributes (dict): For each of them the attributes of its stream.

    Raises:
        FileNotFoundError: If a file is missing or a pattern matches none.
        ValueError: If a file is truncated or foreign (see
            :func:`read_header`), a shard is missing, a modality is not
            there, or the files do not go together.
    """

    def __init__(
        self,
        path: str | Path | Sequence[str | Path],
        modalities: Sequence[str] | None = None,
    ) -> None:
        self.paths = resolve_paths(path)
        headers = [read_header(item) for item in self.paths]
        first = headers[0]
        if modalities is None:
            modalities = tuple(first.attributes)
        for header in headers:
            _check_modalities(header, modalities)
            _check_alike(first, header, modalities)
        self.metainfo: dict[str, Any] = first.metainfo
        self.preparation: dict[str, Any] = first.preparation
        self.modalities = tuple(modalities)
        self.attributes = {name: first.attributes[name] for name in modalities}
        self._shards = [PackedShard(header, modalities) for header in headers]
        sizes = [header.num_samples for header in headers]
        # Sample i lies in the last shard that starts at i or before.
        self._starts = [sum(sizes[:k]) for k in range(len(sizes))]
        self._length = sum(sizes)

    def __len__(self) -> int:
        """Number of samples."""
        return self._length

    def locate(self, i: int) -> tuple[PackedShard, int]:
        """The shard of sample ``i``, and its place there.

        Args:
            i (int): 0 or more.

        Returns:
            tuple[PackedShard, int]: Shard and row.

        Raises:
            IndexError: If there is no such sample.
        """
        if not 0 <= i < self._length:
            raise IndexError(f'sample {i} of {self._length}')
        if len(self._shards) == 1:
            return self._shards[0], i
        k = bisect_right(self._starts, i) - 1
        return self._shards[k], i - self._starts[k]

    def arrays(self, i: int) -> dict[str, Arrays | None]:
        """The streams of a sample.

        Args:
            i (int): Sample, 0 or more.

        Returns:
            dict[str, dict[str, np.ndarray] | None]: For each modality its
            ``data`` and extras as read-only views, None where absent.
        """
        shard, row = self.locate(i)
        streams, _ = shard.open()
        return {name: read(row) for name, read in streams.items()}

    def fields(self, i: int) -> dict[str, Any]:
        """The annotation as :meth:`AnnotationTable.fields` gives it."""
        shard, row = self.locate(i)
        return shard.open()[1].fields(row)

    def read(self, i: int) -> tuple[dict[str, Any], dict[str, Arrays | None]]:
        """What :meth:`fields` and :meth:`arrays` give."""
        shard, row = self.locate(i)
        streams, table = shard.open()
        arrays = {name: read(row) for name, read in streams.items()}
        return table.fields(row), arrays

    def annotation(self, i: int) -> SampleAnnotation:
        """The annotation of a sample, as the preparation saw it."""
        shard, row = self.locate(i)
        return shard.open()[1].annotation(row)

    def labels(self) -> np.ndarray:
        """int64 ``[N]``: the label of every sample, -1 where it has none."""
        return _join([table.labels for _, table in self._open()])

    def has(self, name: str) -> np.ndarray:
        """Which samples have a modality or a field of the annotation.

        Args:
            name (str): One of ``modalities``, or a field's name.

        Returns:
            np.ndarray: bool ``[N]``.
        """
        if name in self.modalities:
            return _join(
                [streams[name].present for streams, _ in self._open()]
            )
        return _join([table.has(name) for _, table in self._open()])

    def _open(self) -> list[tuple[dict[str, Stream], AnnotationTable]]:
        return [shard.open() for shard in self._shards]


def _join(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def resolve_paths(path: str | Path | Sequence[str | Path]) -> list[Path]:
    """Find the files that a path, a list of paths or a glob pattern names.

    Args:
        path (str | Path | Sequence[str | Path]): See :class:`PackedReader`.

    Returns:
        list[Path]: One or more files; those of a pattern sorted by name.

    Raises:
        FileNotFoundError: If a pattern matches nothing.
        ValueError: If there is no path, or a pattern misses shards.
    """
    if not isinstance(path, str | Path):
        paths = [found for item in path for found in resolve_paths(item)]
        if not paths:
            raise ValueError('no packed file was named: the list is empty')
        return paths
    if not re.search(r'[*?\[]', str(path)) or Path(path).exists():
        return [Path(path)]
    paths = [Path(found) for found in sorted(glob.glob(str(path)))]
    if not paths:
        raise FileNotFoundError(f'no file matches {str(path)!r}')
    _check_complete(paths)
    return paths


def _check_complete(paths: Sequence[Path]) -> None:
    """Refuse a set of shards with a hole: it would train on less, silently."""
    names = [SHARD_NAME.fullmatch(path.name) for path in paths]
    found = {
        (match['stem'], int(match['n']), int(match['k']))
        for match in names
        if match
    }
    for stem, count in sorted({item[:2] for item in found}):
        missing = [k for k in range(count) if (stem, count, k) not in found]
        if missing:
            raise ValueError(
                f'{stem}: shards {missing} of {count} are missing in '
                f'{paths[0].parent}; prepare them, or list the files you want'
            )


def _check_modalities(header: PackedHeader, modalities: Sequence[str]) -> None:
    missing = [name for name in modalities if name not in header.attributes]
    if missing:
        raise ValueError(
            f'{header.path} has no modality {", ".join(missing)}; it has '
            f'{", ".join(header.attributes)}'
        )


def _check_alike(
    first: PackedHeader, other: PackedHeader, modalities: Sequence[str]
) -> None:
    pairs = [('metainfo', first.metainfo, other.metainfo)]
    pairs += [
        (f'attributes of {name}', first.attributes[name], item)
        for name, item in other.attributes.items()
        if name in modalities
    ]
    for what, one, two in pairs:
        if one != two:
            raise ValueError(
                f'{other.path} does not go with {first.path}: its {what} are '
                f'{two}, not {one}'
            )
