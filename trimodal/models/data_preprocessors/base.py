"""What the preprocessors of all modalities share."""

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from trimodal.structures import ModalityInput

Batch = Sequence[Tensor | None]


class BasePreprocessor(nn.Module, metaclass=ABCMeta):
    """Turns a list of samples of one modality into a padded batch.

    A sample is a tensor, or None where it lacks the modality. What is masked
    out of the batch is zero. The input is never written to.
    """

    anchor: Tensor

    def __init__(self) -> None:
        super().__init__()
        # An empty buffer follows the model from device to device.
        self.register_buffer('anchor', torch.empty(0), persistent=False)

    @property
    def device(self) -> torch.device:
        """Where batches are made."""
        return self.anchor.device

    @property
    def stream_attributes(self) -> dict[str, Any]:
        """What the attributes of a packed stream must be, by name."""
        return {}

    @abstractmethod
    def forward(self, batch: Batch, training: bool = False) -> ModalityInput:
        """Make a batch.

        Args:
            batch (Sequence[Tensor | None]): One entry a sample.
            training (bool): Whether to augment. Defaults to False.

        Returns:
            ModalityInput: The batch; one step long, and masked, if no sample
            has the modality.
        """


def longest(batch: Batch, dims: int, minimum: Sequence[int]) -> list[int]:
    """The largest size along each of the last ``dims`` dimensions.

    Args:
        batch (Sequence[Tensor | None]): The samples.
        dims (int): How many dimensions.
        minimum (Sequence[int]): Sizes used when no sample is larger.

    Returns:
        list[int]: ``dims`` sizes.
    """
    shapes = [x.shape[-dims:] for x in batch if x is not None]
    return [max(sizes) for sizes in zip(minimum, *shapes, strict=True)]


def check_samples(
    batch: Batch, name: str, shape: Sequence[int | None]
) -> None:
    """Raise unless every sample has the shape.

    Args:
        batch (Sequence[Tensor | None]): The samples.
        name (str): What to call them.
        shape (Sequence[int | None]): Sizes; None for any.

    Raises:
        ValueError: If the batch is empty, or a sample has another shape.
    """
    if not len(batch):
        raise ValueError(f'a batch of {name} must not be empty')
    for index, sample in enumerate(batch):
        if sample is None:
            continue
        fits = len(shape) == sample.dim() and all(
            want in (None, size)
            for want, size in zip(shape, sample.shape, strict=True)
        )
        if not fits:
            wanted = ', '.join('any' if n is None else str(n) for n in shape)
            raise ValueError(
                f'{name} must have shape [{wanted}], got '
                f'{tuple(sample.shape)} in sample {index} of the batch'
            )
