"""Writes a split, or a shard of it, as one packed HDF5 file."""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import h5py
import numpy as np

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.packed.columns import AnnotationSpool
from trimodal.datasets.packed.format import (
    ANNOTATIONS,
    FORMAT,
    FORMAT_VERSION,
    dump_json,
)
from trimodal.datasets.packed.spool import Spool, StreamSpool

# Data sets of this size or more begin at a multiple of a cache line.
ALIGN_FROM, ALIGN_TO = 1024, 64


class PackedWriter:
    """Appends samples, then turns them into a packed file.

    Samples gather in raw files in a hidden folder beside the target, so
    memory holds an index of some hundred bytes a sample and no media.
    ``close`` makes the HDF5 file from them, and renames it to ``path`` when
    it is whole. The bytes depend on nothing but what was given.

    Args:
        path (str | Path): The file to write; replaced if it is there.
        modalities (Mapping[str, Mapping[str, Any]]): For each modality the
            attributes of its stream: numbers or strings, such as
            ``{'speech': {'sample_rate': 16000}}``.
        metainfo (Mapping[str, Any]): Metainfo of the annotation file, e.g.
            ``classes``.
        preparation (Mapping[str, Any]): The config that made the streams.

    Raises:
        ValueError: If there is no modality, one has a name that cannot be an
            HDF5 group beside the annotations, or an attribute is neither
            number nor string.

    Examples:
        >>> import os, tempfile
        >>> import numpy as np
        >>> from trimodal.datasets.annotations import SampleAnnotation
        >>> from trimodal.datasets.packed import PackedReader, PackedWriter
        >>> path = os.path.join(tempfile.mkdtemp(), 'train.h5')
        >>> streams = {'speech': {'sample_rate': 16000}}
        >>> with PackedWriter(path, streams, {}, {}) as writer:
        ...     writer.append(SampleAnnotation(id='a', label=1),
        ...                   {'speech': {'data': np.arange(3, dtype='i2')}})
        >>> PackedReader(path).arrays(0)['speech']['data']
        array([0, 1, 2], dtype=int16)
    """

    def __init__(
        self,
        path: str | Path,
        modalities: Mapping[str, Mapping[str, Any]],
        metainfo: Mapping[str, Any],
        preparation: Mapping[str, Any],
    ) -> None:
        _check_modalities(modalities)
        self.path = Path(path)
        self._attributes = {
            'format': FORMAT,
            'format_version': FORMAT_VERSION,
            'modalities': dump_json([*modalities]),
            'metainfo': dump_json(metainfo),
            'preparation': dump_json(preparation),
        }
        self._modalities = {name: {**modalities[name]} for name in modalities}
        # One fixed name: what a killed run left is swept by the next one.
        self._folder = self.path.with_name(f'.{self.path.name}.writing')
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        self._files = ExitStack()
        self._streams = {
            name: StreamSpool(name, self._opener(name)) for name in modalities
        }
        self._annotations = AnnotationSpool(self._opener(ANNOTATIONS))

    def _opener(self, prefix: str) -> Callable[[str], IO[bytes]]:
        def open_file(name: str) -> IO[bytes]:
            path = self._folder / f'{prefix}.{name}.raw'
            return self._files.enter_context(path.open('w+b'))

        return open_file

    def __len__(self) -> int:
        """Number of samples appended so far."""
        return len(self._annotations.labels)

    def append(
        self,
        annotation: SampleAnnotation,
        arrays: Mapping[str, Mapping[str, np.ndarray] | None],
    ) -> None:
        """Add one sample; after an error the writer is as it was before.

        Args:
            annotation (SampleAnnotation): What is known of it.
            arrays (Mapping[str, Mapping[str, np.ndarray] | None]): For each
                modality its ``data`` and extras, which share the first axis.
                None, or no entry, where the sample lacks the modality.

        Raises:
            ValueError: If a modality is unknown, its arrays do not go with
                those of earlier samples, or the label is negative.
            TypeError: If the metadata cannot be written as JSON.
        """
        unknown = set(arrays) - set(self._streams)
        if unknown:
            raise ValueError(
                f'sample {annotation.id!r}: unknown modalities '
                f'{sorted(unknown)}; this file has {[*self._streams]}'
            )
        rows = self._annotations.encode(annotation)
        for name, given in arrays.items():
            if given is not None:
                try:
                    self._streams[name].check(given)
                except ValueError as error:
                    raise ValueError(
                        f'sample {annotation.id!r}: {error}'
                    ) from None
        self._annotations.append(rows)
        for name, stream in self._streams.items():
            stream.append(arrays.get(name))

    def close(self) -> None:
        """Write the HDF5 file and give it its name."""
        target = self._folder / 'packed.h5'
        try:
            with h5py.File(
                target,
                'w',
                alignment_threshold=ALIGN_FROM,
                alignment_interval=ALIGN_TO,
            ) as file:
                self._write(file)
            with target.open('rb') as written:
                os.fsync(written.fileno())
            target.replace(self.path)
        finally:
            self.discard()
        _sync_folder(self.path.parent)

    def discard(self) -> None:
        """Remove what was gathered; the target stays as it is."""
        self._files.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> 'PackedWriter':
        """Start a block; its end closes the file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, or after an error discard."""
        if kind is None:
            self.close()
        else:
            self.discard()

    def _write(self, file: h5py.File) -> None:
        for key, value in self._attributes.items():
            file.attrs[key] = value
        file.attrs['num_samples'] = len(self)
        for name, stream in self._streams.items():
            group = file.create_group(name)
            group.attrs.update(self._modalities[name])
            index = stream.index()
            for key, spool in stream.spools.items():
                flat = key == 'data' and 'shape' in index
                shape = (spool.elements,) if flat else spool.shape
                _copy_spool(group, key, spool, shape)
            _copy_arrays(group, index)
        group = file.create_group(ANNOTATIONS)
        index = self._annotations.index()
        for name, spool in self._annotations.spools.items():
            if f'{name}_offsets' in index:
                _copy_spool(group, name, spool, spool.shape)
        _copy_arrays(group, index)


def _check_modalities(modalities: Mapping[str, Mapping[str, Any]]) -> None:
    if not modalities:
        raise ValueError('modalities is empty; name one or more')
    for name, attributes in modalities.items():
        if not name.isidentifier() or name == ANNOTATIONS:
            raise ValueError(
                f'modality {name!r} must be an identifier other than '
                f'{ANNOTATIONS!r}'
            )
        for key, value in attributes.items():
            if not isinstance(value, int | float | str | np.generic):
                raise ValueError(
                    f'attribute {key!r} of {name} must be a number or a '
                    f'string, got {value!r}'
                )


def _copy_spool(
    group: h5py.Group, name: str, spool: Spool, shape: tuple[int, ...]
) -> None:
    """Make a contiguous data set from the elements of a spool."""
    dataset = group.create_dataset(name, shape, spool.dtype, track_times=False)
    begin = 0
    for chunk in spool.chunks():
        rows = chunk.reshape(-1, *shape[1:])
        dataset[begin : begin + len(rows)] = rows
        begin += len(rows)


def _copy_arrays(group: h5py.Group, arrays: Mapping[str, np.ndarray]) -> None:
    for name, value in arrays.items():
        group.create_dataset(name, data=value, track_times=False)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
