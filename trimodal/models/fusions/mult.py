"""Fusion by a crossmodal transformer for every ordered pair of modalities.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    check_several,
    join_streams,
    norm_shares,
    stack_present,
)
from trimodal.models.layers import (
    CrossmodalTransformer,
    SequencePositions,
    StreamMap,
    StreamPoolings,
    TransformerEncoder,
    init_transformer,
)
from trimodal.models.layers.checks import check_odd, check_positive
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Fused, Tokens


class TemporalProjection(nn.Module):
    """A convolution over time, and the positions of the steps added.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        kernel_size (int): Length of the kernel, in steps.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(
            in_channels, out_channels, kernel_size, padding=kernel_size // 2
        )
        self.positions = SequencePositions('sinusoidal', out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Project ``x`` (float ``[B, T, C]``, zero where masked)."""
        return self.positions(self.conv(x.transpose(1, 2)).transpose(1, 2))


@MODELS.register_module()
class MulTFusion(BaseFusion):
    """The Multimodal Transformer: every modality looks at every other one.

    From `Multimodal Transformer for Unaligned Multimodal Language Sequences
    <https://arxiv.org/abs/1906.00295>`_ (MulT)::

        z_m        convolution over time + positions
        z_{s > m}  crossmodal transformer from z_m to z_s, for every s != m
        y_m        self-attention over [z_{s > m} for every s], side by side
        f          linear layer over [last step of y_m for every m]

    A linear layer over a concatenation is a sum of one contribution per
    modality; the norms of these, as shares, are the weights. It is applied
    before the last step is taken, which gives the same and is what ``tokens``
    holds.

    An absent source adds nothing to its ``z_{s > m}``, which then holds what
    the modality itself brought; an absent modality has no contribution.

    Args:
        modalities (Sequence[str]): The modalities, at least two, in the order
            of the weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        embed_dims (int | None): Width of the crossmodal transformers; that of
            the self-attention is (M - 1) times as much. Even. Defaults to
            None, ``out_channels``.
        num_layers (int): Layers of each crossmodal transformer. Defaults to
            4.
        num_self_layers (int): Layers of each self-attention transformer.
            Defaults to 3.
        num_heads (int): Attention heads. Defaults to 8.
        feedforward_ratio (int): Width of the feed-forward parts, in widths of
            their transformer. Defaults to 4.
        kernel_size (int): Length of the first convolution, in steps; odd.
            Defaults to 3.
        pooling (str): ``'last'`` (real step, as in the paper), ``'mean'``,
            ``'max'``, ``'cls'`` or ``'attention'``. Defaults to ``'last'``.
        dropout (float): Dropout in each layer. Defaults to 0.1.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If there are fewer than two modalities, a number is not
            positive, ``kernel_size`` is even, ``num_heads`` does not divide
            ``embed_dims``, or ``pooling`` is unknown.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        embed_dims: int | None = None,
        num_layers: int = 4,
        num_self_layers: int = 3,
        num_heads: int = 8,
        feedforward_ratio: int = 4,
        kernel_size: int = 3,
        pooling: str = 'last',
        dropout: float = 0.1,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        check_several(self.modalities)
        check_positive(
            num_self_layers=num_self_layers,
            feedforward_ratio=feedforward_ratio,
        )
        check_odd('kernel_size', [kernel_size])
        width = out_channels if embed_dims is None else embed_dims
        whole = width * (len(self.modalities) - 1)

        def sizes(width: int) -> tuple[int, int, int, float]:
            return width, num_heads, feedforward_ratio * width, dropout

        self.projections = StreamMap(
            {
                name: TemporalProjection(channels, width, kernel_size)
                for name, channels in self.in_channels.items()
            }
        )
        self.crossmodal = nn.ModuleDict(
            {
                f'{name}_from_{other}': CrossmodalTransformer(
                    num_layers, *sizes(width), with_cp=with_cp
                )
                for name, other in permutations(self.modalities, 2)
            }
        )
        self.memory = nn.ModuleDict(
            {
                name: TransformerEncoder(
                    num_self_layers, *sizes(whole), with_cp=with_cp
                )
                for name in self.modalities
            }
        )
        self.mixes = StreamMap(
            {
                name: nn.Linear(whole, out_channels, bias=False)
                for name in self.modalities
            }
        )
        self.mixes.apply(init_transformer)
        self.poolings = (
            None
            if pooling == 'last'
            else StreamPoolings(self.modalities, pooling, out_channels)
        )
        self.norm = nn.LayerNorm(out_channels, eps=NORM_EPS)

    def fuse(self, streams: Streams) -> Fused:
        """Project, look at each other, look at oneself, add up.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the streams, one after the other.
        """
        low = self.projections(streams)
        steps = self.mixes({name: self._reinforce(name, low) for name in low})
        parts = (
            torch.stack([last_step(s) for s in steps.values()], dim=1)
            if self.poolings is None
            else self.poolings(steps)
        )
        return Fused(
            *join_streams(steps),
            self.norm(parts.sum(1)),
            norm_shares(parts, stack_present(streams)),
        )

    def _reinforce(self, name: str, low: Streams) -> Tokens:
        """What ``name`` has seen of all others, related over time."""
        found = [
            self.crossmodal[f'{name}_from_{other}'](
                low[name].x, source.x, source.mask
            )
            for other, source in low.items()
            if other != name
        ]
        mask = low[name].mask
        x = self.memory[name](torch.cat(found, dim=2), mask)
        return Tokens(x, mask, low[name].present)


def last_step(stream: Tokens) -> Tensor:
    """Each sample's last real step, float ``[B, C]``; zero without one."""
    steps = torch.arange(stream.mask.shape[1], device=stream.mask.device)
    last = (steps * stream.mask).argmax(1)
    return stream.x[torch.arange(len(last), device=last.device), last]
