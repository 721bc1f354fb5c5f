"""One packed file, mapped into memory."""

import mmap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trimodal.datasets.packed.columns import AnnotationTable
from trimodal.datasets.packed.format import ANNOTATIONS, RESERVED, scalars
from trimodal.datasets.packed.header import (
    PREPARE,
    ArraySpec,
    PackedHeader,
    stamp_of,
)


class Stream:
    """One modality's samples in a mapped file.

    Args:
        arrays (Mapping[str, np.ndarray]): The data sets of its group.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.present = arrays['present']
        self._present = scalars(self.present)
        self._offsets = scalars(arrays['offsets'])
        # No sample has it: then there is no data set either.
        self._data = arrays.get('data')
        self._shapes = arrays.get('shape')
        self._rows = scalars(arrays.get('rows', arrays['offsets']))
        self._extras = [
            (name, array)
            for name, array in arrays.items()
            if name not in RESERVED
        ]

    def __call__(self, i: int) -> dict[str, np.ndarray] | None:
        """Views of sample ``i``, None where it lacks the modality."""
        if self._data is None or not self._present[i]:
            return None
        data = self._data[self._offsets[i] : self._offsets[i + 1]]
        if self._shapes is not None:
            data = data.reshape(self._shapes[i])
        found = {'data': data}
        if self._extras:
            begin, end = self._rows[i], self._rows[i + 1]
            for name, array in self._extras:
                found[name] = array[begin:end]
        return found


class PackedShard:
    """A packed file that is mapped when a process first asks for a sample.

    It pickles as its header, without the mapping. A process that is forked
    off keeps the mapping of its parent: it is read-only and has no position,
    so there is nothing to share wrongly.

    Args:
        header (PackedHeader): Of the file.
        modalities (Sequence[str]): The streams to read, in this order.
    """

    def __init__(
        self, header: PackedHeader, modalities: Sequence[str]
    ) -> None:
        self.header = header
        self.modalities = tuple(modalities)
        self._mapped: tuple[dict[str, Stream], AnnotationTable] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the mapping behind."""
        return self.__dict__ | {'_mapped': None}

    def open(self) -> tuple[dict[str, Stream], AnnotationTable]:
        """The chosen modalities, and the annotations; mapped if need be."""
        return self._mapped or self._map()

    def _map(self) -> tuple[dict[str, Stream], AnnotationTable]:
        path = self.header.path
        with path.open('rb') as file:
            if stamp_of(path) != self.header.stamp:
                raise ValueError(
                    f'{path} has changed since it was opened; build the data '
                    f'set anew, and if the file is at fault, {PREPARE}'
                )
            # The mapping outlives the file handle.
            buffer = memoryview(
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            )

        def views(group: str) -> dict[str, np.ndarray]:
            specs: dict[str, ArraySpec] = self.header.arrays[group]
            return {name: spec.view(buffer) for name, spec in specs.items()}

        streams = {}
        for name in self.modalities:
            arrays = views(name)
            rows, end = len(arrays.get('data', ())), arrays['offsets'][-1]
            if rows != end:
                raise ValueError(
                    f'{path}: /{name}/data has {rows} rows, but its offsets '
                    f'end at {end}; {PREPARE}'
                )
            streams[name] = Stream(arrays)
        self._mapped = streams, AnnotationTable(views(ANNOTATIONS))
        return self._mapped
