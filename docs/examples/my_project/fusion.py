"""From several streams to one."""

import torch

from trimodal.models import BaseFusion
from trimodal.models.fusions.base import join_streams, stack_present
from trimodal.models.layers import StreamProjections, masked_mean
from trimodal.registry import MODELS
from trimodal.structures import Fused


@MODELS.register_module()
class MeanFusion(BaseFusion):
    """The mean of what is there, projected.

    Args:
        modalities (Sequence[str]): The modalities.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
    """

    def __init__(self, modalities, in_channels, out_channels) -> None:
        super().__init__(modalities, in_channels, out_channels)
        self.projections = StreamProjections(self.in_channels, out_channels)

    def fuse(self, streams):
        projected = self.projections(streams)
        means = [masked_mean(s.x, s.mask, 1) for s in projected.values()]
        present = stack_present(projected)
        weights = present / present.sum(1, keepdim=True).clamp(min=1)
        pooled = (torch.stack(means, 1) * weights.unsqueeze(2)).sum(1)
        tokens, mask = join_streams(projected)
        return Fused(tokens, mask, pooled, weights)
