"""Fusion by feature-wise linear modulation.

Shape letters: see :mod:`trimodal.structures.streams`; ``L`` layers.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    check_several,
    join_streams,
    shares,
    stack_present,
)
from trimodal.models.layers import (
    StreamMixes,
    StreamPoolings,
    StreamProjections,
    init_transformer,
    learned_vectors,
)
from trimodal.models.layers.checks import check_choice, check_positive
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Fused, Tokens


class FiLMLayer(nn.Module):
    """A residual block whose normalised features are scaled and shifted.

    ``x + GELU(scale * norm(linear(x)) + shift)``; the normalisation has no
    parameters of its own.

    Args:
        embed_dims (int): Channels.
    """

    def __init__(self, embed_dims: int) -> None:
        super().__init__()
        # Its bias would be another shift.
        self.linear = nn.Linear(embed_dims, embed_dims, bias=False)

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Apply the block.

        Args:
            x (Tensor): float ``[B, T, C]``.
            scale (Tensor): float ``[B, C]``.
            shift (Tensor): float ``[B, C]``.

        Returns:
            Tensor: float ``[B, T, C]``.
        """
        y = F.layer_norm(self.linear(x), x.shape[-1:], eps=NORM_EPS)
        return x + F.gelu(scale.unsqueeze(1) * y + shift.unsqueeze(1))


@MODELS.register_module()
class FiLMFusion(BaseFusion):
    r"""One modality, modulated by all others.

    From `FiLM: Visual Reasoning with a General Conditioning Layer
    <https://arxiv.org/abs/1709.07871>`_. In every layer the target's features
    :math:`h` become :math:`\gamma h + \beta`, channel by channel and alike at
    every step. The others' pooled vectors give :math:`\gamma` and
    :math:`\beta` by a linear layer over all of them, so each adds a part:
    :math:`\gamma = 1 + \sum_m \gamma_m`, :math:`\beta = \sum_m \beta_m`. The
    result is the target, pooled.

    A learned vector stands in the place of an absent modality, of the target
    too: where that is absent, a learned step is modulated instead, so that
    the others still have their say.

    The weights are shares of norms: of each other's :math:`(\gamma_m,
    \beta_m)` over all layers, and, for the target, of the 1.

    Args:
        modalities (Sequence[str]): The modalities, at least two, in the order
            of the weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        target (str): The modality that is modulated.
        num_layers (int): Layers. Defaults to 2.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If there are fewer than two modalities, ``target`` is none
            of them, ``num_layers`` is not positive, or ``pooling`` is none of
            these.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        target: str,
        num_layers: int = 2,
        pooling: str = 'mean',
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        check_choice('target', target, self.modalities)
        others = [name for name in self.modalities if name != target]
        check_several(self.modalities)
        check_positive(num_layers=num_layers)
        self.target = target
        self.projections = StreamProjections(
            self.in_channels, out_channels, norm=True
        )
        self.poolings = StreamPoolings(self.modalities, pooling, out_channels)
        self.absent = learned_vectors(len(others), out_channels)
        self.absent_target = learned_vectors(out_channels)
        self.modulations = StreamMixes(
            others, out_channels, 2 * num_layers * out_channels
        )
        self.layers = nn.ModuleList(
            FiLMLayer(out_channels) for _ in range(num_layers)
        )
        self.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Project, pool the others, modulate, pool the target.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the projected streams, one after the other, the
            target's modulated.
        """
        projected = self.projections(streams)
        present = stack_present(projected)
        parts = self._parts(projected)
        target = self._modulate(projected[self.target], parts.sum(1))
        whole = self.poolings[self.target](target.x, target.mask)
        stream = projected[self.target]
        projected[self.target] = stream.with_x(target.x)
        return Fused(
            *join_streams(projected), whole, self._shares(parts, present)
        )

    def _parts(self, streams: Streams) -> Tensor:
        """Each other's part in the modulation, float ``[B, M - 1, 2LC]``."""
        others = {n: s for n, s in streams.items() if n != self.target}
        pooled = torch.stack(
            [self.poolings[n](s.x, s.mask) for n, s in others.items()], dim=1
        )
        there = stack_present(others).unsqueeze(2)
        return self.modulations(torch.where(there, pooled, self.absent))

    def _modulate(self, target: Tokens, modulation: Tensor) -> Tokens:
        """The modulated target, a learned one where it is absent."""
        there = target.present.view(-1, 1, 1)
        x = torch.where(there, target.x, self.absent_target)
        parts = modulation.unflatten(1, (len(self.layers), 2, -1))
        for index, layer in enumerate(self.layers):
            x = layer(x, 1 + parts[:, index, 0], parts[:, index, 1])
        # All steps of the learned one are alike: pooling them gives one.
        mask = target.mask | ~target.present.unsqueeze(1)
        return Tokens(x, mask, target.present)

    def _shares(self, parts: Tensor, present: Tensor) -> Tensor:
        """The weights; they only tell, so without a gradient."""
        sizes = list(parts.detach().float().norm(dim=2).unbind(1))
        one = (len(self.layers) * self.out_channels) ** 0.5
        where = self.modalities.index(self.target)
        sizes.insert(where, torch.full_like(sizes[0], one))
        return shares(torch.stack(sizes, dim=1), present)
