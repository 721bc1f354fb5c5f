"""Opens a packed file just long enough to learn where its arrays lie."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trimodal.datasets.packed.format import (
    ANNOTATIONS,
    FORMAT,
    FORMAT_VERSION,
)

PREPARE = 'make it (again) with tools/prepare_data.py or its converter'


@dataclass(frozen=True)
class ArraySpec:
    """Where an array lies in the file: offset in bytes, shape and type."""

    offset: int
    shape: tuple[int, ...]
    dtype: str

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize

    def view(self, buffer: memoryview) -> np.ndarray:
        """The array within the mapped file; nothing is copied."""
        count = int(np.prod(self.shape))
        if not count:
            return np.empty(self.shape, self.dtype)
        flat = np.frombuffer(buffer, self.dtype, count, self.offset)
        return flat.reshape(self.shape)


@dataclass(frozen=True)
class PackedHeader:
    """All that a reader must know of a file before it maps it.

    Args:
        path (Path): The file.
        stamp (tuple[int, int]): Its size in bytes and its time of change in
            nanoseconds, to notice a file that was replaced.
        num_samples (int): N.
        metainfo (dict): Metainfo of the annotation file.
        preparation (dict): The config that made the streams.
        attributes (dict): For each modality the attributes of its stream.
        arrays (dict): For each group (a modality, or the annotations) its
            arrays by name.
    """

    path: Path
    stamp: tuple[int, int]
    num_samples: int
    metainfo: dict[str, Any]
    preparation: dict[str, Any]
    attributes: dict[str, dict[str, Any]]
    arrays: dict[str, dict[str, ArraySpec]]


def stamp_of(path: Path) -> tuple[int, int]:
    """Size and time of change."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def read_header(path: str | Path) -> PackedHeader:
    """Check a packed file, and find out where its arrays lie.

    Args:
        path (str | Path): The file.

    Returns:
        PackedHeader: Picklable; the file is closed again.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated, is not HDF5, was not written by
            trimodal or by a newer one, or was repacked with chunks or
            compression. The message says what to do.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(_not_found(path))
    stamp = stamp_of(path)
    try:
        # A reader needs no lock, and some network file systems have none.
        file = h5py.File(path, 'r', locking=False)
    except OSError as error:
        raise ValueError(_not_hdf5(path, error)) from error
    with file:
        _check_root(path, file)
        modalities = json.loads(file.attrs['modalities'])
        header = PackedHeader(
            path=path,
            stamp=stamp,
            num_samples=int(file.attrs['num_samples']),
            metainfo=json.loads(file.attrs['metainfo']),
            preparation=json.loads(file.attrs['preparation']),
            attributes={
                name: {
                    key: _plain(value)
                    for key, value in file[name].attrs.items()
                }
                for name in modalities
            },
            arrays={
                name: _specs(path, file[name])
                for name in (*modalities, ANNOTATIONS)
            },
        )
    _check_arrays(header)
    return header


def _not_found(path: Path) -> str:
    shards = sorted(path.parent.glob(f'{path.stem}-?????-of-?????.h5'))
    if shards:
        pattern = path.with_name(f'{path.stem}-*.h5')
        return f"{path} does not exist, but shards of it do: name '{pattern}'"
    return f'{path} does not exist; {PREPARE}'


def _not_hdf5(path: Path, error: OSError) -> str:
    if 'truncated' in str(error):
        return (
            f'{path} is truncated ({path.stat().st_size} bytes are there: '
            f'{error}); copy it again, or {PREPARE}'
        )
    return f'{path} cannot be read as HDF5 ({error}); {PREPARE}'


def _check_root(path: Path, file: h5py.File) -> None:
    written_by = file.attrs.get('format')
    if written_by != FORMAT:
        hint = f'name a file made by tools/prepare_data.py, or {PREPARE}'
        if path.stem.endswith('_features'):
            hint = 'convert it with tools/dataset_converters/legacy_h5.py'
        raise ValueError(
            f'{path} is HDF5, but its attribute format is {written_by!r}, '
            f'not {FORMAT!r}; {hint}'
        )
    version = int(file.attrs['format_version'])
    if version > FORMAT_VERSION:
        raise ValueError(
            f'{path} has format version {version}, this trimodal reads up to '
            f'{FORMAT_VERSION}; install a newer trimodal, or {PREPARE}'
        )


def _specs(path: Path, group: h5py.Group) -> dict[str, ArraySpec]:
    specs = {}
    for name, dataset in group.items():
        offset = dataset.id.get_offset()
        if offset is None and dataset.size:
            raise ValueError(
                f'{path}: {dataset.name} is chunked or compressed and cannot '
                'be mapped; run h5repack -l CONTI -f NONE on it, or '
                f'{PREPARE}'
            )
        specs[name] = ArraySpec(offset or 0, dataset.shape, dataset.dtype.str)
    return specs


def _check_arrays(header: PackedHeader) -> None:
    """Refuse a file whose arrays contradict each other or its size."""
    count = header.num_samples
    expected = {(ANNOTATIONS, 'label'): ((count,), '<i8')}
    for name in header.attributes:
        expected[name, 'offsets'] = ((count + 1,), '<i8')
        expected[name, 'present'] = ((count,), '|b1')
    for (group, name), wanted in expected.items():
        spec = header.arrays.get(group, {}).get(name)
        found = None if spec is None else (spec.shape, spec.dtype)
        if found != wanted:
            raise ValueError(
                f'{header.path}: /{group}/{name} should have shape and type '
                f'{wanted}, found {found}; {PREPARE}'
            )
    size = header.stamp[0]
    for group, specs in header.arrays.items():
        for name, spec in specs.items():
            if spec.offset + spec.nbytes > size:
                raise ValueError(
                    f'{header.path} is truncated: /{group}/{name} ends at '
                    f'byte {spec.offset + spec.nbytes} of {size}; copy it '
                    f'again, or {PREPARE}'
                )


def _plain(value: Any) -> Any:
    """An attribute as Python's own number or string."""
    return value.item() if isinstance(value, np.generic) else value
