"""Batches as plain data and back: files of them hold no class to unpickle."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from mmengine.structures import BaseDataElement, InstanceData
from torch import Tensor

from trimodal.structures.data_sample import TriModalDataSample
from trimodal.structures.streams import ModalityInput

KIND = '__kind__'
_PLAIN = (bool, int, float, str, bytes)
_ELEMENTS: dict[str, type[BaseDataElement]] = {
    kind.__name__: kind
    for kind in (TriModalDataSample, InstanceData, BaseDataElement)
}


def encode_plain(value: Any) -> Any:
    """Turn a batch into what ``torch.load(weights_only=True)`` reads.

    Args:
        value (Any): Containers of tensors on any device, arrays, plain
            values, data samples and :class:`ModalityInput`.

    Returns:
        Any: The same with copies of the tensors on the CPU and a dict for
        each object. What is none of these becomes its ``repr``.

    Examples:
        >>> from trimodal.structures import TriModalDataSample
        >>> sample = TriModalDataSample(metainfo=dict(sample_id='a'))
        >>> encode_plain([sample.set_gt_label(1)])
        [{'__kind__': 'TriModalDataSample', 'metainfo': {'sample_id': 'a'}, \
'fields': {'gt_label': tensor([1])}}]
    """
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf':
        return {KIND: 'ndarray', 'value': torch.from_numpy(value.copy())}
    if isinstance(value, Mapping):
        return {str(key): encode_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [encode_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(encode_plain(item) for item in value)
    return _encode_object(value)


def _encode_object(value: Any) -> Any:
    if isinstance(value, ModalityInput):
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
        return {KIND: 'ModalityInput', 'fields': encode_plain(parts)}
    for kind in type(value).__mro__:
        if _ELEMENTS.get(kind.__name__) is kind:
            return {
                KIND: kind.__name__,
                'metainfo': encode_plain(dict(value.metainfo_items())),
                'fields': encode_plain(dict(value.items())),
            }
    for plain in (int, float, str):  # subclasses of them
        if isinstance(value, plain):
            return plain(value)
    return repr(value)


def decode_plain(value: Any) -> Any:
    """The opposite of :func:`encode_plain`.

    Args:
        value (Any): Plain data.

    Returns:
        Any: The batch, on the CPU.

    Raises:
        ValueError: If a dict names an unknown kind of object.
    """
    if isinstance(value, list | tuple):
        return type(value)(decode_plain(item) for item in value)
    if not isinstance(value, dict):
        return value
    if KIND not in value:
        return {key: decode_plain(item) for key, item in value.items()}
    kind = value[KIND]
    if kind == 'ndarray':
        return value['value'].numpy()
    parts = decode_plain(value['fields'])
    if kind == 'ModalityInput':
        return ModalityInput(**parts)
    if kind not in _ELEMENTS:
        known = ['ndarray', 'ModalityInput', *_ELEMENTS]
        raise ValueError(f'{KIND} must be one of {known}, got {kind!r}')
    element = _ELEMENTS[kind](metainfo=decode_plain(value['metainfo']))
    for name, item in parts.items():
        setattr(element, name, item)
    return element
