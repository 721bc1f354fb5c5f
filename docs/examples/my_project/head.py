"""From what was fused to the answer."""

import torch
import torch.nn.functional as F
from torch import nn

from trimodal.models import BaseHead
from trimodal.registry import MODELS
from trimodal.utils import build


@MODELS.register_module()
class CosineHead(BaseHead):
    """Classes by the angle to a learned vector each.

    Args:
        num_classes (int): Classes.
        in_channels (int): Channels of what was fused.
        loss (Mapping): Config of the loss.
        scale (float): Factor of the cosines. Defaults to 10.0.
    """

    def __init__(self, num_classes, in_channels, loss, scale=10.0) -> None:
        super().__init__(in_channels)
        self.vectors = nn.Parameter(torch.randn(num_classes, in_channels))
        self.scale = scale
        self.loss_module = build(loss, MODELS)

    def forward(self, fused):
        x = F.normalize(fused.pooled.float(), dim=1)
        return self.scale * x @ F.normalize(self.vectors, dim=1).T

    def loss(self, fused, data_samples):
        logits = self(fused)
        rows = [i for i, s in enumerate(data_samples) if 'gt_label' in s]
        labels = [int(data_samples[i].gt_label) for i in rows]
        target = torch.tensor(labels, device=logits.device).long()
        return {'loss_cosine': self.loss_module(logits[rows], target)}

    def predict(self, fused, data_samples):
        scores = self(fused).softmax(dim=1)
        return [
            sample.new().set_pred_score(score)
            for sample, score in zip(data_samples, scores, strict=True)
        ]
