"""What heads are tried with: streams, what was fused of them, annotations.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from trimodal.models.heads.base import BaseHead
from trimodal.models.layers import masked_mean
from trimodal.structures import Fused, Tokens, TriModalDataSample
from trimodal.testing.grids import grid_stream
from trimodal.testing.outputs import Output
from trimodal.testing.samples import absent_stream, stream_samples

WIDTHS = {'a': 8, 'b': 8, 'c': 8}
GRIDS = 'c'
CHANNELS = 12
# Pixels of a cell of the coarse grid: the smallest picture is 16 x 16.
CELL = 8


@dataclass(frozen=True)
class HeadBatch:
    """A batch for a head.

    Args:
        streams (Mapping[str, Tokens]): What is to be fused.
        data_samples (Sequence[TriModalDataSample]): Annotations.
    """

    streams: Mapping[str, Tokens]
    data_samples: Sequence[TriModalDataSample]


def head_streams() -> list[dict[str, Tokens]]:
    """Samples for heads: streams ``a``, ``b`` and, with grids, ``c``.

    Returns:
        list[dict[str, Tokens]]: A batch of one for every subset, the last
        with everything; 8 channels each.
    """
    samples = []
    for row, sample in enumerate(stream_samples(WIDTHS)):
        picture = grid_stream(2 + row % 2, 2 + row % 3 % 2, WIDTHS[GRIDS])
        if not sample[GRIDS].present:
            picture = absent_stream(picture)
        samples.append({**sample, GRIDS: picture})
    return samples


def describe(
    streams: Mapping[str, Tokens], sample: TriModalDataSample, row: int
) -> TriModalDataSample:
    """A copy with the meta fields that a data set gives.

    Args:
        streams (Mapping[str, Tokens]): The sample's streams, a batch of one.
        sample (TriModalDataSample): Its annotation.
        row (int): Its number.

    Returns:
        TriModalDataSample: With ``sample_id``, ``present`` and, where there
        is a picture, ``img_shape`` and ``ori_shape``, twice as large.
    """
    present = tuple(n for n, stream in streams.items() if stream.present)
    meta: dict[str, Any] = {'sample_id': f'sample{row}', 'present': present}
    if GRIDS in present:
        height, width = (CELL * n for n in streams[GRIDS].grids[-1])
        meta['img_shape'] = (height, width)
        meta['ori_shape'] = (2 * height, 2 * width)
    return sample.new(metainfo={**meta, **sample.metainfo})


class AskedHead(nn.Module):
    """The smallest model that asks a head.

    One layer of its own before everything that a head may look at: gradients
    have to reach it.

    Args:
        head (BaseHead): The head.
    """

    def __init__(self, head: BaseHead) -> None:
        super().__init__()
        self.head = head
        width = WIDTHS[GRIDS]
        self.neck = nn.Linear(width, width)
        self.widen = nn.Linear(width, head.in_channels).requires_grad_(False)

    def fuse(self, streams: Mapping[str, Tokens]) -> Fused:
        """Put the streams one after the other; the mean is ``pooled``."""
        streams = {
            name: stream.with_x(self.neck(stream.x))
            for name, stream in streams.items()
        }
        mask = torch.cat([s.mask for s in streams.values()], dim=1)
        tokens = self.widen(torch.cat([s.x for s in streams.values()], 1))
        tokens = tokens * mask.unsqueeze(2)
        present = torch.stack([s.present for s in streams.values()], 1)
        shares = present / present.sum(1, keepdim=True).clamp(min=1)
        pooled = masked_mean(tokens, mask, 1)
        return Fused(tokens, mask, pooled, shares, streams=streams)

    def forward(self, batch: HeadBatch) -> Output:
        """The head's losses and statistics."""
        fused = self.fuse(batch.streams)
        return Output({}, self.head.loss(fused, batch.data_samples))

    @torch.no_grad()
    def predict(self, batch: HeadBatch) -> list[TriModalDataSample]:
        """The head's predictions."""
        return self.head.predict(self.fuse(batch.streams), batch.data_samples)


def bare(batch: HeadBatch) -> HeadBatch:
    """The same batch without annotations."""
    samples = []
    for sample in batch.data_samples:
        copy = sample.new()
        for name, _ in sample.items():
            if name.startswith('gt_'):
                delattr(copy, name)
        samples.append(copy)
    return replace(batch, data_samples=samples)
