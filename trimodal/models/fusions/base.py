"""What every fusion is.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from mmengine.model import BaseModule
from torch import Tensor

from trimodal.models.layers import masked_softmax
from trimodal.models.layers.checks import check_positive, check_widths
from trimodal.structures import Fused, Tokens

Streams = dict[str, Tokens]


class BaseFusion(BaseModule, metaclass=ABCMeta):
    """Many streams into one.

    ``forward`` checks the streams and puts them in the order of
    ``modalities``, an absent one in the place of any that is missing; a
    fusion implements ``fuse``::

        forward(tokens) ── check, fill ──> fuse(streams) ──> Fused

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``modalities`` is empty or has doubles, ``in_channels``
            lacks a modality, or a width is not positive.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = check_widths(modalities, in_channels)
        self.modalities = tuple(self.in_channels)
        check_positive(out_channels=out_channels)
        self.out_channels = out_channels

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse the streams.

        Args:
            tokens (Mapping[str, Tokens]): A stream per modality; one that is
                missing counts as absent, others are passed over.

        Returns:
            Fused: The result.

        Raises:
            ValueError: If there is none of the modalities, or a stream has
                another width than ``in_channels``.
        """
        known = [tokens[name] for name in self.modalities if name in tokens]
        if not known:
            raise ValueError(
                f'tokens must have some of {self.modalities}, got '
                f'{sorted(tokens)}'
            )
        streams = {
            name: tokens[name]
            if name in tokens
            else _absent(known[0], self.in_channels[name])
            for name in self.modalities
        }
        for name, stream in streams.items():
            if stream.x.shape[2] != self.in_channels[name]:
                raise ValueError(
                    f'{name} must have {self.in_channels[name]} channels, got '
                    f'{stream.x.shape[2]}'
                )
        return self.fuse(streams)

    @abstractmethod
    def fuse(self, streams: Streams) -> Fused:
        """Fuse streams that are checked and complete.

        Args:
            streams (dict[str, Tokens]): A stream for each of ``modalities``,
                in that order.

        Returns:
            Fused: The result.
        """


def _absent(like: Tokens, channels: int) -> Tokens:
    """A stream of nothing, for as many samples as ``like`` has."""
    size = len(like.x)
    return Tokens(
        like.x.new_zeros(size, 1, channels),
        like.mask.new_zeros(size, 1),
        like.present.new_zeros(size),
    )


def check_several(modalities: Sequence[str]) -> None:
    """Raise unless there are two modalities or more.

    Raises:
        ValueError: If there are not.
    """
    if len(modalities) < 2:
        raise ValueError(f'modalities must be at least two, got {modalities}')


def stack_present(streams: Streams) -> Tensor:
    """Bool ``[B, M]``: which modalities each sample has."""
    return torch.stack([s.present for s in streams.values()], dim=1)


def join_streams(streams: Streams) -> tuple[Tensor, Tensor]:
    """All streams one after the other.

    Args:
        streams (dict[str, Tokens]): Streams of the same width.

    Returns:
        tuple[Tensor, Tensor]: float ``[B, T, C]`` and bool ``[B, T]``, with
        ``T`` the sum of the lengths.
    """
    x = torch.cat([stream.x for stream in streams.values()], dim=1)
    return x, torch.cat([stream.mask for stream in streams.values()], dim=1)


def split_streams(x: Tensor, streams: Streams) -> Streams:
    """Undo :func:`join_streams`.

    Args:
        x (Tensor): float ``[B, T, C]``, zero where masked.
        streams (dict[str, Tokens]): The streams that were joined, whose
            lengths add up to ``T``.

    Returns:
        dict[str, Tokens]: The streams with their parts of ``x``, as views.
    """
    parts = x.split(stream_lengths(streams), dim=1)
    return {
        name: replace(stream, x=part)
        for (name, stream), part in zip(streams.items(), parts, strict=True)
    }


def weigh(
    pooled: Tensor, scores: Tensor, present: Tensor
) -> tuple[Tensor, Tensor]:
    """A sum weighted by a softmax over the present modalities.

    Args:
        pooled (Tensor): float ``[B, M, C]``, one vector a modality.
        scores (Tensor): float ``[B, M]``.
        present (Tensor): bool ``[B, M]``.

    Returns:
        tuple[Tensor, Tensor]: The sum, float ``[B, C]``, and the weights,
        float ``[B, M]``; both zero where everything is absent.
    """
    weights = masked_softmax(scores, present)
    return (weights.unsqueeze(2) * pooled).sum(1), weights


def shares(sizes: Tensor, present: Tensor) -> Tensor:
    """Each modality's share of the whole.

    Args:
        sizes (Tensor): float ``[B, M]``, not negative.
        present (Tensor): bool ``[B, M]``.

    Returns:
        Tensor: float ``[B, M]``, 0 where absent; a row sums to 1, or to 0 if
        everything is absent.
    """
    # Even shares where nothing contributes anything.
    sizes = (sizes + torch.finfo(sizes.dtype).tiny).masked_fill(~present, 0)
    total = sizes.sum(1, keepdim=True)
    return sizes / total.masked_fill(total == 0, 1)


def norm_shares(parts: Tensor, present: Tensor) -> Tensor:
    """Each modality's share by the norm of what it adds.

    Such weights tell, they do not steer: nothing is learned from them.

    Args:
        parts (Tensor): float ``[B, M, C]``, what each modality adds.
        present (Tensor): bool ``[B, M]``.

    Returns:
        Tensor: float32 ``[B, M]``, as :func:`shares` gives them.
    """
    return shares(parts.detach().float().norm(dim=2), present)


def stream_lengths(streams: Streams) -> list[int]:
    """Steps of each stream, padding included."""
    return [stream.mask.shape[1] for stream in streams.values()]
