"""Moments of steps, and the clock that several streams share.

Shape letters: see :mod:`trimodal.structures.streams`; N steps of the clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trimodal.models.layers.lengths import fit_steps, spans
from trimodal.structures import Tokens


@dataclass(frozen=True)
class Clock:
    """The moments to which streams are aligned.

    Args:
        times (Tensor): float32 ``[B, N]``.
        mask (Tensor): bool ``[B, N]``, True for the clock's own steps.
        owners (Tensor): bool ``[B, S]``: which of S streams has these steps
            as its own; none where the clock is nobody's.
    """

    times: Tensor
    mask: Tensor
    owners: Tensor


@dataclass(frozen=True)
class Timeline:
    """Streams, how fast they go, and the clock they are to share.

    Args:
        streams (dict[str, Tokens]): Streams by modality.
        rates (dict[str, Tensor]): float32 ``[B]``, steps per unit of time.
        spans (dict[str, Tensor]): int64 ``[B]``, steps up to the last real
            one.
        clock (Clock): Its ``owners`` are in the order of ``streams``.
    """

    streams: dict[str, Tokens]
    rates: dict[str, Tensor]
    spans: dict[str, Tensor]
    clock: Clock

    def positions(self, name: str) -> Tensor:
        """Where the clock's moments lie in a stream, in its steps.

        Args:
            name (str): The stream.

        Returns:
            Tensor: float32 ``[B, N]``; step t lies at t.
        """
        return self.clock.times * self.rates[name].unsqueeze(1) - 0.5

    def of_owner(self, parts: Mapping[str, Tensor]) -> Tensor:
        """Put together what belongs to the clock's owner in each sample.

        Args:
            parts (Mapping[str, Tensor]): float or bool ``[B, T, ...]``, one
                for each stream that may own the clock.

        Returns:
            Tensor: ``[B, N, ...]``; zero where the clock is nobody's.
        """
        size = self.clock.times.shape[1]
        total = None
        for name, part in parts.items():
            part = fit_steps(part, size)
            owned = self.clock.owners[:, list(self.streams).index(name)]
            owned = owned.view(-1, *[1] * (part.dim() - 1))
            other = torch.zeros_like(part) if total is None else total
            total = torch.where(owned, part, other)
        assert total is not None
        return total


def make_timeline(
    streams: dict[str, Tokens],
    rates: Mapping[str, float] | None,
    order: Sequence[str] | None,
    num_steps: int | None,
) -> Timeline:
    """Find the clock of each sample.

    Args:
        streams (dict[str, Tokens]): Streams by modality.
        rates (Mapping[str, float] | None): Steps per second of each. None:
            all streams of a sample last equally long, which is 1.
        order (Sequence[str] | None): The first of these that a sample has
            gives its clock. None: the one with the most steps.
        num_steps (int | None): Steps of a clock that is nobody's.

    Returns:
        Timeline: The streams with their clock.
    """
    lengths = {name: spans(s.mask) for name, s in streams.items()}
    paces = {
        name: length.clamp(min=1).float()
        if rates is None
        else torch.full_like(length, rates[name], dtype=torch.float32)
        for name, length in lengths.items()
    }
    steps = torch.stack(list(lengths.values()), dim=1)
    pace = torch.stack(list(paces.values()), dim=1)
    if num_steps is not None:
        clock = _even_clock(steps, pace, num_steps)
    else:
        clock = _owned_clock(steps, pace, _owner(steps, list(streams), order))
    return Timeline(streams, paces, lengths, clock)


def _owner(
    steps: Tensor, names: list[str], order: Sequence[str] | None
) -> Tensor:
    """Index of the stream that gives each sample its clock: ``[B]``."""
    if order is None:
        return steps.argmax(1)
    indices = torch.tensor([names.index(n) for n in order]).to(steps.device)
    there = steps[:, indices] > 0
    return indices[there.int().argmax(1)]


def _owned_clock(steps: Tensor, pace: Tensor, owner: Tensor) -> Clock:
    owner = owner.unsqueeze(1)
    own_steps = steps.gather(1, owner)
    size = max(int(own_steps.max()), 1)
    ticks = torch.arange(size, device=steps.device)
    mask = ticks < own_steps
    owners = torch.zeros_like(steps, dtype=torch.bool).scatter(1, owner, True)
    return Clock(
        (ticks + 0.5) / pace.gather(1, owner), mask, owners & (own_steps > 0)
    )


def _even_clock(steps: Tensor, pace: Tensor, num_steps: int) -> Clock:
    lasting = (steps / pace).amax(1, keepdim=True)
    ticks = torch.arange(num_steps, device=steps.device)
    mask = (lasting > 0).expand(-1, num_steps)
    owners = torch.zeros_like(steps, dtype=torch.bool)
    return Clock((ticks + 0.5) / num_steps * lasting, mask, owners)
