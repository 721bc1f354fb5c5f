"""What a decoder knows while sequences grow.

Shape letters: see :mod:`trimodal.structures.streams`; S steps of the memory,
H heads, D channels of a head, K beams of a sample.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from trimodal.models.layers.cached_attention import KeyValueCache, KeyValues


@dataclass(frozen=True)
class Memory:
    """What a decoder looks at, projected once for all layers and steps.

    Args:
        layers (tuple[tuple[Tensor, Tensor], ...]): Keys and values of each
            layer, float ``[B, H, S, D]``.
        opened (Tensor | None): bool ``[B, 1, 1, S]``, what may be looked at.
        anything (Tensor | None): bool ``[B, 1, 1]``, where there is anything.
    """

    layers: tuple[KeyValues, ...]
    opened: Tensor | None
    anything: Tensor | None


class DecoderState:
    """What a decoder keeps while sequences grow.

    Args:
        memory (Memory): What it looks at; one row a sample.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.cache = KeyValueCache(len(memory.layers))
        self.beams = 1

    @property
    def length(self) -> int:
        """Steps so far."""
        return self.cache.length

    def reorder(self, parents: Tensor) -> None:
        """Go on from other beams of the same samples, more or fewer.

        Args:
            parents (Tensor): int64 ``[B, K']``, the beam each comes from.
        """
        self.cache.reorder(_flat_rows(parents, self.beams))
        self.beams = parents.shape[1]


def _flat_rows(parents: Tensor, beams: int) -> Tensor:
    """Rows of a cache from the beams that others go on from.

    Args:
        parents (Tensor): int64 ``[B, K']``, the beam of the same sample.
        beams (int): Beams of a sample in the cache, K.

    Returns:
        Tensor: int64 ``[B * K']``.
    """
    first = torch.arange(len(parents), device=parents.device) * beams
    return (parents + first.unsqueeze(1)).flatten()
