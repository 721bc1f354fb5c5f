"""Annotations as columns: contiguous arrays instead of a list of objects.

A million samples as Python objects cost a gigabyte, and again in every
worker, since counting references copies the pages that a fork shares. As
arrays they cost what they hold, once.
"""

import json
from array import array
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

import numpy as np

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.packed.format import FIELDS, NO_LABEL, Field, scalars
from trimodal.datasets.packed.spool import OpenFile, Spool, offsets_of


class AnnotationSpool:
    """Gathers annotations, column by column.

    Args:
        open_file (OpenFile): Opens an empty file for the column of the given
            name.
    """

    def __init__(self, open_file: OpenFile) -> None:
        self.labels = array('q')
        self.spools = {
            field.name: Spool(open_file(field.name), field.dtype, field.tail)
            for field in FIELDS
        }
        self._lengths = {field.name: array('q') for field in FIELDS}
        self._present = {field.name: array('b') for field in FIELDS}

    def encode(
        self, annotation: SampleAnnotation
    ) -> dict[str, np.ndarray | None]:
        """Turn an annotation into rows for :meth:`append`.

        Args:
            annotation (SampleAnnotation): One sample's.

        Returns:
            dict[str, np.ndarray | None]: The rows of each field, and
            ``label`` of shape [1].

        Raises:
            ValueError: If the label is negative.
            TypeError: If the metadata cannot be written as JSON.
        """
        label = NO_LABEL if annotation.label is None else annotation.label
        if annotation.label is not None and label < 0:
            raise ValueError(
                f'sample {annotation.id!r}: label must be 0 or more, got '
                f'{label}'
            )
        rows: dict[str, np.ndarray | None] = {
            field.name: field.encode(getattr(annotation, field.name))
            for field in FIELDS
        }
        return rows | {'label': np.array([label])}

    def append(self, rows: Mapping[str, np.ndarray | None]) -> None:
        """Add one sample, as :meth:`encode` gave it."""
        self.labels.extend(rows['label'].tolist())  # type: ignore[union-attr]
        for name, spool in self.spools.items():
            value = rows[name]
            self._present[name].append(value is not None)
            self._lengths[name].append(0 if value is None else len(value))
            if value is not None:
                spool.append(value)

    def index(self) -> dict[str, np.ndarray]:
        """Labels, offsets and presence of the fields that any sample has."""
        index = {'label': np.array(self.labels, '<i8')}
        for name in self.spools:
            present = np.array(self._present[name], bool)
            if present.any():
                index[f'{name}_offsets'] = offsets_of(
                    np.asarray(self._lengths[name])
                )
            if present.any() and not present.all():
                index[f'{name}_present'] = present
        return index


class Column:
    """One field of every annotation.

    Args:
        field (Field): Which.
        values (np.ndarray): ``[sum L, ...]``.
        offsets (np.ndarray): int64 ``[N + 1]``.
        present (np.ndarray | None): bool ``[N]``; None if all have it.
    """

    def __init__(
        self,
        field: Field,
        values: np.ndarray,
        offsets: np.ndarray,
        present: np.ndarray | None,
    ) -> None:
        self.present = present
        self._kind = field.kind
        self._values = values
        self._bytes = values.data
        self._offsets = scalars(offsets)
        self._present = None if present is None else scalars(present)

    def __call__(self, i: int) -> Any:
        """The field of sample ``i``, None if it has none."""
        if self._present is not None and not self._present[i]:
            return None
        begin, end = self._offsets[i], self._offsets[i + 1]
        if self._kind == 'array':
            return self._values[begin:end]
        text = str(self._bytes[begin:end], 'utf-8')
        return json.loads(text) if self._kind == 'json' else text


class AnnotationTable:
    """Reads annotations back from their columns.

    Args:
        arrays (Mapping[str, np.ndarray]): The data sets under
            ``/annotations``, by name; views are kept, nothing is copied.

    Examples:
        >>> from trimodal.datasets.annotations import SampleAnnotation
        >>> from trimodal.datasets.packed.columns import AnnotationTable
        >>> table = AnnotationTable.of(
        ...     [SampleAnnotation(id='a', label=3)])
        >>> table.fields(0)
        {'id': 'a', 'label': 3}
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays
        self.labels = arrays['label']
        self._label = scalars(self.labels)
        self._columns = {
            field.name: Column(
                field,
                arrays[field.name],
                arrays[f'{field.name}_offsets'],
                arrays.get(f'{field.name}_present'),
            )
            for field in FIELDS
            if field.name in arrays
        }
        # Once packed, nobody needs the paths of the media in training.
        self._info_columns = [
            item for item in self._columns.items() if item[0] != 'media'
        ]

    @classmethod
    def of(cls, annotations: Iterable[SampleAnnotation]) -> 'AnnotationTable':
        """Make a table in memory."""
        files: dict[str, BytesIO] = {}
        spool = AnnotationSpool(lambda name: files.setdefault(name, BytesIO()))
        for annotation in annotations:
            spool.append(spool.encode(annotation))
        arrays = spool.index()
        for name, column in spool.spools.items():
            if f'{name}_offsets' in arrays:
                values = np.frombuffer(files[name].getvalue(), column.dtype)
                arrays[name] = values.reshape(column.shape)
        return cls(arrays)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arrays only; memoryviews cannot be."""
        return type(self), (self._arrays,)

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.labels)

    def fields(self, i: int) -> dict[str, Any]:
        """What is known of sample ``i``; fields it lacks are left out.

        Args:
            i (int): Sample, 0 or more.

        Returns:
            dict[str, Any]: By the names of :class:`SampleAnnotation`, but
            for ``media``; ``target`` is a float64 array ``[D]``,
            ``ori_shape`` int64 ``[2]``; arrays are views.
        """
        found = {}
        for name, column in self._info_columns:
            value = column(i)
            if value is not None:
                found[name] = value
        label = self._label[i]
        if label != NO_LABEL:
            found['label'] = label
        return found

    def annotation(self, i: int) -> SampleAnnotation:
        """Sample ``i`` as the preparation saw it."""
        fields = self.fields(i)
        if 'target' in fields:
            fields['target'] = tuple(fields['target'].tolist())
        if 'ori_shape' in fields:
            fields['ori_shape'] = tuple(fields['ori_shape'].tolist())
        media = self._columns.get('media')
        fields['media'] = (media(i) if media else None) or {}
        return SampleAnnotation(**fields)

    def has(self, field: str) -> np.ndarray:
        """Which samples have a field.

        Args:
            field (str): A field of :class:`SampleAnnotation`.

        Returns:
            np.ndarray: bool ``[N]``.
        """
        if field == 'label':
            return self.labels != NO_LABEL
        column = self._columns.get(field)
        if column is None:
            return np.zeros(len(self), bool)
        if column.present is None:
            return np.ones(len(self), bool)
        return np.asarray(column.present)
