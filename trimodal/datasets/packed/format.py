"""The packed HDF5 format: names, versions and the fields of an annotation.

One file holds one split or one shard of it; every data set in it is
contiguous (no chunks, no compression), so that a reader can map it at its
file offset, and plain h5py can read it just as well::

    /                     attributes: format, format_version, num_samples;
                          modalities, metainfo and preparation as JSON
    /{modality}           attributes of the stream, e.g. sample_rate
      data                [sum T, ...] all samples, one after the other
      offsets    int64    [N + 1] sample i is data[offsets[i]:offsets[i + 1]]
      present    bool     [N] False where sample i lacks the modality
      {extra}             [sum T, ...] beside data, under the same offsets
      shape      int64    [N, D] only if the samples differ in more than
                          their first axis: data is then flat, offsets count
                          elements, and sample i is reshaped to shape[i]
      rows       int64    [N + 1] only with shape: the offsets of the extras
    /annotations
      label      int64    [N] -1 where there is none
      {field}             [sum L, ...] texts and JSON as UTF-8 bytes
      {field}_offsets     int64 [N + 1]
      {field}_present     bool [N], left out where every sample has the field

A field of the annotations that no sample has is left out altogether.
N is the number of samples.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

FORMAT = 'trimodal.packed'
FORMAT_VERSION = 1
ANNOTATIONS = 'annotations'
NO_LABEL = -1
# Names under a modality that an extra array cannot take.
RESERVED = ('data', 'offsets', 'present', 'shape', 'rows')


@dataclass(frozen=True)
class Field:
    """How a field of a :class:`SampleAnnotation` is stored.

    Args:
        name (str): Its name, the same in the file and in the dataclass.
        kind (str): ``'text'``, ``'json'`` or ``'array'``.
        dtype (str): The stored numpy type.
        tail (tuple[int, ...]): Shape of one row. Defaults to ().
    """

    name: str
    kind: str
    dtype: str = '|u1'
    tail: tuple[int, ...] = ()

    def encode(self, value: Any) -> np.ndarray | None:
        """Turn a value into rows, or None if there is nothing to store."""
        if value is None or (self.kind == 'json' and not value):
            return None
        if self.kind == 'array':
            return np.asarray(value, self.dtype).reshape(-1, *self.tail)
        text = dump_json(value) if self.kind == 'json' else value
        return np.frombuffer(text.encode('utf-8'), np.uint8)


# In the order of the dataclass; `label` has a column of its own.
FIELDS = (
    Field('id', 'text'),
    Field('group', 'text'),
    Field('transcription', 'text'),
    Field('target', 'array', '<f8'),
    Field('bboxes', 'array', '<f4', (4,)),
    Field('bbox_labels', 'array', '<i8'),
    Field('bbox_scores', 'array', '<f4'),
    Field('bbox_crowds', 'array', '|b1'),
    Field('ori_shape', 'array', '<i8'),
    Field('media', 'json'),
    Field('metadata', 'json'),
)


def dump_json(value: Any) -> str:
    """Write ``value`` as JSON, the same text for the same content."""
    return json.dumps(value, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    """What json cannot write itself: numpy's numbers and arrays."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(
        f'{value!r} of type {type(value).__name__} cannot be stored as JSON; '
        'use numbers, strings, lists and dicts'
    )


def scalars(array: np.ndarray) -> 'memoryview[int]':
    """See ``array`` (``[N]``, int64 or bool) as Python's own numbers.

    Indexing that takes a third of the time of indexing numpy's; the array
    may lie anywhere in a file, aligned or not.
    """
    native = array.astype(array.dtype.newbyteorder('='), copy=False)
    # A bool is an int, too.
    kind: Any = '?' if array.dtype == bool else 'q'
    return native.view(np.uint8).data.cast(kind)
