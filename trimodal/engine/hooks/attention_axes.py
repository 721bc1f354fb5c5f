"""Whose steps the axes of an attention map are.

Shape letters: B batch, T queries or steps of a stream, S keys.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from trimodal.engine.hooks.wrapping import wrap_method
from trimodal.visualization.attention import AttentionMap, Parts

Masks = Mapping[str, np.ndarray]


@contextmanager
def recorded_masks(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Inside, the model's fusion leaves which steps of its streams are real.

    Args:
        model (nn.Module): The model; one without a ``fusion`` leaves nothing.

    Yields:
        dict[str, Tensor]: bool ``[B, T]`` by modality, in the order in which
        the fusion joins them, on the CPU, of the last call.
    """
    found: dict[str, Tensor] = {}
    fusion: Any = getattr(model, 'fusion', None)
    if not hasattr(fusion, 'fuse'):
        yield found
        return
    remove = wrap_method(fusion, 'fuse', partial(_fuse_and_tell, found))
    try:
        yield found
    finally:
        remove()


def _fuse_and_tell(found: dict[str, Tensor], fuse: Any, streams: Any) -> Any:
    masks = {name: stream.mask.cpu() for name, stream in streams.items()}
    found.clear()
    found.update(masks)
    return fuse(streams)


def map_of(name: str, weights: np.ndarray, masks: Masks) -> AttentionMap:
    """A sample's weights without steps that only fill up the batch.

    An axis as long as all streams together is that of all, and one as long as
    a stream that the module is named after (``speech``, or
    ``speech_from_image``) is of that. Of others only the keys at the end
    that nobody may look at are known to be none.

    Args:
        name (str): The attention module's name.
        weights (np.ndarray): float ``[T, S]``.
        masks (Mapping[str, np.ndarray]): bool ``[T]`` of each stream.

    Returns:
        AttentionMap: The map.
    """
    sides = _named(name, masks)
    found = [
        _parts(length, masks, side)
        for length, side in zip(weights.shape, sides, strict=True)
    ]
    (rows, queries), (columns, keys) = found
    if columns is None:
        columns = _reached(weights)
        if rows is None and weights.shape[0] == weights.shape[1]:
            rows = columns  # attention of steps to each other
    if rows is not None:
        weights = weights[rows]
    return AttentionMap(weights[:, columns], queries, keys)


def _named(name: str, masks: Masks) -> tuple[str | None, str | None]:
    """The streams of queries and keys that a module's name tells."""
    for part in reversed(name.split('.')):
        if part in masks:
            return part, part
        query, _, key = part.partition('_from_')
        if query in masks and key in masks:
            return query, key
    return None, None


def _parts(
    length: int, masks: Masks, side: str | None
) -> tuple[np.ndarray | None, Parts]:
    """Which steps of an axis are real, and how many each stream has."""
    chosen = dict(masks)
    if side is not None and len(masks[side]) == length:
        chosen = {side: masks[side]}
    if not chosen or sum(len(mask) for mask in chosen.values()) != length:
        return None, ()
    counts = [(name, int(mask.sum())) for name, mask in chosen.items()]
    return np.concatenate(list(chosen.values())), tuple(counts)


def _reached(weights: np.ndarray) -> np.ndarray:
    """All keys up to the last that some query looks at, and at least one."""
    kept = np.flatnonzero(weights.any(axis=0))
    end = int(kept[-1]) + 1 if len(kept) else 1
    return np.arange(weights.shape[1]) < end
