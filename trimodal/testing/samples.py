"""Small samples for every kind of part, and batches of them.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from trimodal.structures import ModalityInput, Tokens


def pad(x: Tensor, dims: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Zeros at the end of ``dims`` until they have ``sizes``."""
    for dim, size in zip(dims, sizes, strict=True):
        x = F.pad(x, [0, 0] * (x.dim() - dim - 1) + [0, size - x.shape[dim]])
    return x


def stack_inputs(
    samples: Sequence[ModalityInput], spare: int = 0
) -> ModalityInput:
    """Put samples of one modality into a batch.

    Args:
        samples (Sequence[ModalityInput]): Batches of one.
        spare (int): Padding beyond the longest. Defaults to 0.

    Returns:
        ModalityInput: The batch.
    """
    picture = samples[0].mask.dim() == 3 and samples[0].data.dim() == 4
    data_dims, mask_dims = ([2, 3], [1, 2]) if picture else ([1], [1])
    sizes = [max(s.mask.shape[dim] for s in samples) for dim in mask_dims]
    sizes = [size + spare for size in sizes]
    return ModalityInput(
        torch.cat([pad(s.data, data_dims, sizes) for s in samples]),
        torch.cat([pad(s.mask, mask_dims, sizes) for s in samples]),
    )


def stack_streams(
    samples: Sequence[Mapping[str, Tokens]], spare: int = 0
) -> dict[str, Tokens]:
    """Put samples of several streams into a batch.

    Args:
        samples (Sequence[Mapping[str, Tokens]]): Batches of one.
        spare (int): Padding beyond the longest. Defaults to 0.

    Returns:
        dict[str, Tokens]: The batch.
    """
    batch = {}
    for name in samples[0]:
        rows = [sample[name] for sample in samples]
        size = max(row.mask.shape[1] for row in rows) + spare
        batch[name] = Tokens(
            torch.cat([pad(row.x, [1], [size]) for row in rows]),
            torch.cat([pad(row.mask, [1], [size]) for row in rows]),
            torch.cat([row.present for row in rows]),
        )
    return batch


def make_input(data: Tensor, mask: Tensor) -> ModalityInput:
    """Make a batch of one, zero where masked.

    Args:
        data (Tensor): float, one sample.
        mask (Tensor): bool, the leading dimensions of ``data``.

    Returns:
        ModalityInput: The batch.
    """
    assert mask.dim() > 0
    assert mask.shape == data.shape[: mask.dim()]
    spread = mask.view(*mask.shape, *[1] * (data.dim() - mask.dim()))
    return ModalityInput(data.masked_fill(~spread, 0)[None], mask[None])


def speech_samples(
    channels: int = 16, lengths: Sequence[int] = (23, 9, 1, 40)
) -> list[ModalityInput]:
    """Feature sequences of several lengths, float ``[1, T, F]``."""
    return [
        make_input(torch.randn(n, channels), torch.ones(n).bool())
        for n in lengths
    ]


def gesture_samples(
    channels: int = 9, joints: int = 21, hands: int = 2
) -> list[ModalityInput]:
    """Landmark features, float ``[1, T, H, V, C]``, hands seen at times."""
    samples = []
    for frames in (12, 1, 7):
        mask = torch.rand(frames, hands) < 0.6
        mask[0] = torch.arange(hands) == 0
        data = torch.randn(frames, hands, joints, channels)
        samples.append(make_input(data, mask))
    return samples


def image_samples(
    sizes: Sequence[Sequence[int]] = ((32, 32), (40, 24), (17, 30)),
) -> list[ModalityInput]:
    """Pictures of several heights and widths, float ``[1, 3, h, w]``."""
    return [
        ModalityInput(
            torch.randn(1, 3, *size), torch.ones(1, *size, dtype=torch.bool)
        )
        for size in sizes
    ]


def stream_samples(widths: Mapping[str, int]) -> list[dict[str, Tokens]]:
    """One sample for every subset of the modalities, all but the empty.

    Args:
        widths (Mapping[str, int]): Channels of each modality.

    Returns:
        list[dict[str, Tokens]]: Batches of one, the last with everything.
    """
    names = list(widths)
    samples = []
    for subset in range(1, 2 ** len(names)):
        sample = {}
        for index, name in enumerate(names):
            here = bool(subset >> index & 1)
            length = 2 + subset + 2 * index if here else 1
            mask = torch.full((1, length), here)
            if here and length > 4:
                mask[0, 1] = False  # a frame in which no hand is seen
            tokens = Tokens(torch.empty(0), mask, torch.tensor([here]))
            sample[name] = tokens.with_x(torch.randn(1, length, widths[name]))
        samples.append(sample)
    return samples


def absent_like(sample: Any) -> Any:
    """The same kind of sample, with nothing in it."""
    if isinstance(sample, ModalityInput):
        return sample.keep(torch.tensor([False]))
    return {name: absent_stream(tokens) for name, tokens in sample.items()}


def absent_stream(tokens: Tokens) -> Tokens:
    """A stream like ``tokens`` in which nothing is real."""
    return replace(
        tokens,
        x=torch.zeros_like(tokens.x),
        mask=torch.zeros_like(tokens.mask),
        present=torch.zeros_like(tokens.present),
    )
