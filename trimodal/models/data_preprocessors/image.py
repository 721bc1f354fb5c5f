"""Pictures to a normalised, padded batch.

Shape letters: see :mod:`trimodal.structures.streams`; ``h, w`` pixels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from trimodal.models.data_preprocessors.base import (
    BasePreprocessor,
    Batch,
    check_samples,
    longest,
)
from trimodal.models.layers.checks import check_positive
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)


@MODELS.register_module()
class ImagePreprocessor(BasePreprocessor):
    """Normalises pictures and pads them at the right and the bottom.

    A sample is uint8 or float ``[C, h, w]`` with values 0 to 255. Resizing,
    with its boxes, belongs to the data set's pipeline.

    Args:
        mean (Sequence[float]): Mean per channel. Defaults to ImageNet's, RGB.
        std (Sequence[float]): Standard deviation per channel. Defaults to
            ImageNet's, RGB.
        size_divisor (int): Height and width of the batch are rounded up to a
            multiple of it. Defaults to 1.

    Raises:
        ValueError: If ``mean`` and ``std`` are not as long as each other, or
            ``std`` or ``size_divisor`` is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        size_divisor: int = 1,
    ) -> None:
        super().__init__()
        if len(mean) != len(std) or not mean:
            raise ValueError(
                'mean and std must have one value per channel, got '
                f'{list(mean)} and {list(std)}'
            )
        check_positive(size_divisor=size_divisor, std=min(std))
        self.size_divisor = size_divisor
        for name, values in (('mean', mean), ('std', std)):
            column = torch.tensor(values, dtype=torch.float32).view(-1, 1, 1)
            self.register_buffer(name, column, persistent=False)

    @torch.no_grad()
    def forward(self, batch: Batch, training: bool = False) -> ModalityInput:
        """Make a batch of pictures.

        Args:
            batch (Sequence[Tensor | None]): Pictures ``[C, h, w]``.
            training (bool): Changes nothing: pictures are augmented as
                arrays. Defaults to False.

        Returns:
            ModalityInput: data float32 ``[B, C, h, w]``, mask bool
            ``[B, h, w]``.

        Raises:
            ValueError: If the batch is empty or a picture has not as many
                channels as ``mean``.
        """
        channels = len(self.mean)
        check_samples(batch, 'image', [channels, None, None])
        height, width = (
            -(-size // self.size_divisor) * self.size_divisor
            for size in longest(batch, 2, [1, 1])
        )
        shape = (len(batch), channels, height, width)
        x = torch.zeros(shape, device=self.device)
        mask = torch.zeros(
            (len(batch), height, width), dtype=torch.bool, device=self.device
        )
        for row, real, sample in zip(x, mask, batch, strict=True):
            if sample is not None:
                _, rows, columns = sample.shape
                row[:, :rows, :columns].copy_(sample)
                real[:rows, :columns] = True
        x = x.sub_(self.mean).div_(self.std)
        if not bool(mask.all()):
            x = x.masked_fill_(~mask.unsqueeze(1), 0)
        return ModalityInput(x, mask)
