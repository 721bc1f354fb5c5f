"""The tensors inside of nested data."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from torch import Tensor


def tensors_of(item: Any) -> Iterator[Tensor]:
    """The tensors in mappings, sequences and dataclasses, in their order.

    Args:
        item (Any): Whatever a part takes or gives.

    Yields:
        Tensor: The next one.
    """
    if isinstance(item, Tensor):
        yield item
    elif isinstance(item, Mapping):
        for value in item.values():
            yield from tensors_of(value)
    elif isinstance(item, list | tuple):
        for value in item:
            yield from tensors_of(value)
    elif is_dataclass(item) and not isinstance(item, type):
        for field in fields(item):
            yield from tensors_of(getattr(item, field.name))


def with_tensors(item: Any, tensors: Iterator[Tensor]) -> Any:
    """The same with other tensors in place of :func:`tensors_of` it.

    Args:
        item (Any): Whatever a part takes or gives.
        tensors (Iterator[Tensor]): As many as it holds.

    Returns:
        Any: A new one; what is no tensor is that of ``item``.
    """
    if isinstance(item, Tensor):
        return next(tensors)
    if isinstance(item, Mapping):
        return {k: with_tensors(v, tensors) for k, v in item.items()}
    if isinstance(item, list | tuple):
        return type(item)(with_tensors(value, tensors) for value in item)
    if is_dataclass(item) and not isinstance(item, type):
        values = {
            field.name: with_tensors(getattr(item, field.name), tensors)
            for field in fields(item)
        }
        return replace(item, **values)
    return item
