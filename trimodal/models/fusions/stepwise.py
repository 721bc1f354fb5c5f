"""Fusion step by step, on a common clock.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    shares,
    stack_present,
)
from trimodal.models.layers import (
    MaskedPooling,
    MultiKernelTemporalConv,
    StreamPoolings,
    StreamProjections,
    init_transformer,
    learned_vectors,
    masked_mean,
)
from trimodal.models.layers.checks import (
    check_choice,
    check_not_negative,
    check_probability,
)
from trimodal.models.layers.lengths import fit_steps
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Fused, Tokens


@MODELS.register_module()
class StepwiseConcatFusion(BaseFusion):
    """Joins the channels of the same step, then looks along time.

    Where streams share a clock (see the temporal aligners), what happens at
    the same moment meets here before anything is pooled: early fusion, as in
    `Multimodal Machine Learning: A Survey
    <https://arxiv.org/abs/1705.09406>`_. Each stream is projected step by
    step; where it has no real step a learned vector stands in its place; a
    linear layer and a GELU over all channels of a step join them; convolutions
    follow the joint steps over time, and these are pooled.

    Streams that are no sequences (``static``, such as pictures) are pooled by
    themselves and take part in every step. A weight is the share of a
    modality's part in the joint steps, by its mean norm.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        static (Sequence[str]): Those that are not on the clock. Defaults to
            ().
        num_layers (int): Convolutions over the joint steps. Defaults to 1.
        kernel_sizes (Sequence[int]): Odd lengths of their kernels, in steps.
            Defaults to (3, 5).
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the joint steps. Defaults to ``'mean'``.
        dropout (float): Dropout of the joint steps. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``static`` names an unknown modality or all of them,
            ``num_layers`` is negative, a kernel is even, ``pooling`` is
            unknown or ``dropout`` lies outside [0, 1].
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        static: Sequence[str] = (),
        num_layers: int = 1,
        kernel_sizes: Sequence[int] = (3, 5),
        pooling: str = 'mean',
        dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        for name in static:
            check_choice('static', name, self.modalities)
        self.moving = tuple(n for n in self.modalities if n not in static)
        if not self.moving:
            raise ValueError(
                f'static must leave a sequence, got all of {self.modalities}'
            )
        check_not_negative(num_layers=num_layers)
        check_probability(dropout=dropout)
        self.static = tuple(static)
        self.projections = StreamProjections(
            self.in_channels, out_channels, norm=True
        )
        self.absent = learned_vectors(len(self.modalities), out_channels)
        self.poolings = StreamPoolings(static, 'mean', out_channels)
        self.mixes = nn.ModuleDict(
            {
                name: nn.Linear(out_channels, out_channels, bias=False)
                for name in self.modalities
            }
        )
        self.join = nn.Sequential(
            nn.LayerNorm(out_channels, eps=NORM_EPS),
            nn.GELU(),
            nn.Dropout(dropout),
        )
        self.layers = nn.ModuleList(
            MultiKernelTemporalConv(out_channels, kernel_sizes, dropout)
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.pooling = MaskedPooling(pooling, out_channels)
        self.projections.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Project, join step by step, convolve, pool.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the joint steps, real where any sequence is.
        """
        present = stack_present(streams)
        mask = self._joint_mask(streams)
        projected = self.projections(streams)
        total, sizes = None, []
        for index, name in enumerate(self.modalities):
            part = self._part(index, projected[name], mask)
            size = part.detach().float().norm(dim=2, keepdim=True)
            sizes.append(masked_mean(size, mask, 1))
            total = part if total is None else total + part
        x = self.join(total)
        for layer in self.layers:
            x = layer(x, mask)
        x = self.norm(x)
        pooled = self.pooling(x, mask)
        mask = mask & present.any(1, keepdim=True)
        weights = shares(torch.cat(sizes, dim=1), present)
        return Fused(
            x.masked_fill(~mask.unsqueeze(2), 0), mask, pooled, weights
        )

    def _joint_mask(self, streams: Streams) -> Tensor:
        """Bool ``[B, T]``: where any sequence has a real step.

        A sample of nothing but pictures, or of nothing, has one step.
        """
        masks = [streams[name].mask for name in self.moving]
        size = max(mask.shape[1] for mask in masks)
        mask = torch.stack([fit_steps(m, size) for m in masks]).any(0)
        first = torch.arange(size, device=mask.device) == 0
        return mask | (first & ~mask.any(1, keepdim=True))

    def _part(self, index: int, stream: Tokens, mask: Tensor) -> Tensor:
        """What a modality adds to each joint step, float ``[B, T, C]``."""
        name = self.modalities[index]
        if name in self.static:
            x = self.poolings[name](stream.x, stream.mask).unsqueeze(1)
            real = stream.present.unsqueeze(1)
        else:
            x = fit_steps(stream.x, mask.shape[1])
            real = fit_steps(stream.mask, mask.shape[1])
        x = torch.where(real.unsqueeze(2), x, self.absent[index].to(x.dtype))
        return self.mixes[name](x).expand(-1, mask.shape[1], -1)
