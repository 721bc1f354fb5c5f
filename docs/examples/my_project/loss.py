"""What a classification head minimises."""

import torch.nn.functional as F
from torch import nn

from trimodal.registry import MODELS


@MODELS.register_module()
class FocalLoss(nn.Module):
    """Cross-entropy that counts easy samples less.

    Args:
        gamma (float): How much less. Defaults to 2.0.
    """

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits, target):
        each = F.cross_entropy(logits.float(), target, reduction='none')
        focal = (1 - (-each).exp()) ** self.gamma * each
        return focal.sum() / max(len(target), 1)
