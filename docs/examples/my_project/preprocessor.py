"""From samples to a padded batch."""

import torch

from trimodal.models import BasePreprocessor
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput


@MODELS.register_module()
class ImuPreprocessor(BasePreprocessor):
    """Pads sensor readings, float32 ``[B, T, 6]``, mask bool ``[B, T]``."""

    def forward(self, batch, training=False):
        lengths = [0 if x is None else len(x) for x in batch]
        steps = max(*lengths, 1)
        data = torch.zeros(len(batch), steps, 6, device=self.device)
        for row, x in zip(data, batch, strict=True):
            if x is not None:
                row[: len(x)] = x
        ends = torch.tensor(lengths, device=self.device)
        mask = torch.arange(steps, device=self.device) < ends[:, None]
        return ModalityInput(data, mask)
