"""What a classification head minimises."""

import torch.nn.functional as F
from torch import nn

from trimodal.registry import MODELS


@MODELS.register_module()
class PolyLoss(nn.Module):
    """Cross-entropy that counts its first order otherwise.

    `PolyLoss <https://arxiv.org/abs/2204.12511>`_, Poly-1.

    Args:
        epsilon (float): What is added to the factor of the first order.
            Defaults to 1.0.
    """

    def __init__(self, epsilon: float = 1.0) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, logits, target):
        each = F.cross_entropy(logits.float(), target, reduction='none')
        poly = each + self.epsilon * (1 - (-each).exp())
        return poly.sum() / max(len(target), 1)
