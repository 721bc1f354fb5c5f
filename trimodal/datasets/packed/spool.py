"""Raw files in which the writer gathers rows before their number is known."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import IO

import numpy as np

from trimodal.datasets.packed.format import RESERVED

CHUNK_BYTES = 1 << 24
OpenFile = Callable[[str], IO[bytes]]


class Spool:
    """Rows of one type, appended to a file.

    Args:
        file (IO[bytes]): An empty file, open for writing and reading; the
            spool neither names nor removes it.
        dtype (np.dtype | str): Type of the rows, stored little-endian.
        tail (tuple[int, ...]): Shape of one row. Defaults to ().
    """

    def __init__(
        self,
        file: IO[bytes],
        dtype: np.dtype | str,
        tail: tuple[int, ...] = (),
    ) -> None:
        self.file = file
        self.dtype = np.dtype(dtype).newbyteorder('<')
        self.tail = tail
        self.elements = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all rows together; the first axis counts them."""
        return (self.elements // int(np.prod(self.tail)), *self.tail)

    def append(self, rows: np.ndarray) -> None:
        """Add rows at the end."""
        self.file.write(np.ascontiguousarray(rows, self.dtype).data)
        self.elements += rows.size

    def chunks(self) -> Iterator[np.ndarray]:
        """Give back the elements, flat, some megabytes of rows at a time."""
        row_bytes = int(np.prod(self.tail)) * self.dtype.itemsize
        self.file.seek(0)
        while block := self.file.read(
            max(1, CHUNK_BYTES // row_bytes) * row_bytes
        ):
            yield np.frombuffer(block, self.dtype)


class StreamSpool:
    """One modality's arrays: ``data``, and the extras beside it.

    Args:
        name (str): The modality, for messages.
        open_file (OpenFile): Opens an empty file for the array of the given
            name.
    """

    def __init__(self, name: str, open_file: OpenFile) -> None:
        self.name = name
        self.spools: dict[str, Spool] = {}
        self.present = array('b')
        self._open_file = open_file
        self._shapes: list[array] = []

    def check(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Refuse arrays that do not go with those of earlier samples.

        Args:
            arrays (Mapping[str, np.ndarray]): ``data`` and extras.

        Raises:
            ValueError: If ``data`` is missing, a name is reserved, the set
                of names, a type, or a number of dimensions changes, or an
                extra has another length than ``data``.
        """
        if 'data' not in arrays:
            raise ValueError(f"{self.name} has no 'data', only {[*arrays]}")
        if self.spools and set(arrays) != set(self.spools):
            raise ValueError(
                f'{self.name} has the arrays {sorted(arrays)}, earlier '
                f'samples have {sorted(self.spools)}; they must be the same'
            )
        for key, value in arrays.items():
            self._check_array(key, value, arrays['data'].shape[:1])

    def _check_array(
        self, key: str, value: np.ndarray, rows: tuple[int, ...]
    ) -> None:
        where = f'{self.name}/{key}'
        if key != 'data' and key in RESERVED:
            raise ValueError(f'{where}: the name {key!r} is reserved')
        if value.dtype.kind not in 'biuf':
            raise ValueError(f'{where} is of type {value.dtype}, not numeric')
        if value.ndim == 0 or value.shape[:1] != rows:
            raise ValueError(
                f'{where} has shape {value.shape}; it needs one axis or more, '
                f'the first as long as that of data, {rows}'
            )
        if 0 in value.shape[1:]:
            raise ValueError(f'{where} has empty rows, shape {value.shape}')
        spool = self.spools.get(key)
        if spool is None:
            return
        if value.dtype.newbyteorder('<') != spool.dtype:
            raise ValueError(
                f'{where} is {value.dtype}, earlier samples are {spool.dtype}'
            )
        if key == 'data':
            if value.ndim != len(self._shapes):
                raise ValueError(
                    f'{where} has {value.ndim} dimensions, earlier samples '
                    f'have {len(self._shapes)}'
                )
        elif value.shape[1:] != spool.tail:
            raise ValueError(
                f'{where} has rows of shape {value.shape[1:]}, earlier '
                f'samples have {spool.tail}'
            )

    def append(self, arrays: Mapping[str, np.ndarray] | None) -> None:
        """Add one sample whose arrays were checked; None is absent."""
        self.present.append(arrays is not None)
        if arrays is None:
            return
        if not self.spools:
            for key, value in arrays.items():
                self.spools[key] = Spool(
                    self._open_file(key), value.dtype, value.shape[1:]
                )
            self._shapes = [array('q') for _ in arrays['data'].shape]
        for key, value in arrays.items():
            self.spools[key].append(value)
        for axis, size in zip(self._shapes, arrays['data'].shape, strict=True):
            axis.append(size)

    def index(self) -> dict[str, np.ndarray]:
        """The arrays that say where each sample lies.

        Returns:
            dict[str, np.ndarray]: ``present`` and ``offsets``; ``shape``
            too where the samples differ in more than their first axis, and
            then ``rows`` if there are extras.
        """
        present = np.array(self.present, bool)
        shapes = np.zeros((len(present), max(1, len(self._shapes))), '<i8')
        for axis, sizes in enumerate(self._shapes):
            shapes[present, axis] = sizes
        index = {'present': present}
        if (shapes[present, 1:] == shapes[present][:1, 1:]).all():
            return index | {'offsets': offsets_of(shapes[:, 0])}
        index |= {'offsets': offsets_of(shapes.prod(1)), 'shape': shapes}
        if len(self.spools) > 1:
            index['rows'] = offsets_of(shapes[:, 0])
        return index


def offsets_of(lengths: np.ndarray) -> np.ndarray:
    """Where each of the rows begins, and where the last ends: [N + 1]."""
    offsets = np.zeros(len(lengths) + 1, '<i8')
    np.cumsum(lengths, out=offsets[1:])
    return offsets
