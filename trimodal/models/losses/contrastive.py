"""Contrastive loss between every two modalities.

Shape letters: see :mod:`trimodal.structures.streams`; N samples of all
processes.
"""

import math
from itertools import combinations

import torch
import torch.nn.functional as F
from mmengine.dist import get_rank, get_world_size
from torch import Tensor, nn

from trimodal.models.layers import (
    connect,
    gather_together,
)
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.similarity import PairSimilarity
from trimodal.registry import MODELS


@MODELS.register_module()
class InfoNCELoss(nn.Module):
    """Tells each sample's partner in another modality from all others.

    `InfoNCE <https://arxiv.org/abs/1807.03748>`_ for every pair of modalities
    over the samples that have both, in both directions, with a learnable
    temperature as in `CLIP <https://arxiv.org/abs/2103.00020>`_. The result is
    the mean over the pairs of modalities that have two samples or more (one
    alone has nothing to be told from): about ln N where nothing is learned,
    0 where everything is told apart.

    The negatives are those of all processes, and so is the mean: several with
    a batch each give the same step as one with all of it.

    Args:
        channels (int): Channels of the vectors compared.
        similarity (str): ``'cosine'``, ``'bilinear'`` or ``'mlp'``, one for
            all pairs; see
            :class:`~trimodal.models.layers.similarity.PairSimilarity`.
            Defaults to ``'cosine'``.
        temperature (float): What similarities are divided by at the start.
            Defaults to 0.07.
        max_scale (float): Largest factor that learning may make of it.
            Defaults to 100.0.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``similarity`` is none of these, a number is not
            positive, or ``temperature`` is below ``1 / max_scale``.
    """

    def __init__(
        self,
        channels: int,
        similarity: str = 'cosine',
        temperature: float = 0.07,
        max_scale: float = 100.0,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        check_positive(
            temperature=temperature,
            max_scale=max_scale,
            loss_weight=loss_weight,
        )
        if temperature * max_scale < 1:
            raise ValueError(
                f'temperature must be at least 1 / max_scale, got '
                f'{temperature} and {max_scale}'
            )
        self.similarity = PairSimilarity(similarity, channels)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))
        self.max_log_scale = math.log(max_scale)
        self.loss_weight = loss_weight

    def forward(self, x: Tensor, present: Tensor) -> Tensor:
        """Compute the loss; nothing to compare gives zero, with a gradient.

        Args:
            x (Tensor): float ``[B, M, C]``, a vector for each modality.
            present (Tensor): bool ``[B, M]``: which of them are real.

        Returns:
            Tensor: float32 scalar.
        """
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            rank = get_rank()
            ranks = torch.full_like(present[:, 0], rank, dtype=torch.long)
            every, there, ranks = gather_together(x, present, ranks)
            own = ranks == rank
            scale = self._scale()
            # Everything stays in the graph, in every process alike.
            total = connect(0 * every.sum(), self)
            pairs = 0
            for pair in combinations(range(x.shape[1]), 2):
                both = there[:, pair].all(1)
                if int(both.sum()) > 1:
                    a, b = every[:, pair].unbind(1)
                    total = total + self._pair(a, b, both, own, scale)
                    pairs += 1
            # Each process has a part, and gradients are averaged.
            factor = self.loss_weight * get_world_size() / max(pairs, 1)
            return factor * total

    def _scale(self) -> Tensor:
        """The factor of similarities, float32 scalar."""
        # As in CLIP the parameter itself is held back: a clamp of its value
        # alone would never give it a gradient again.
        with torch.no_grad():
            self.log_scale.clamp_(max=self.max_log_scale)
        return self.log_scale.exp()

    def _pair(
        self, a: Tensor, b: Tensor, both: Tensor, own: Tensor, scale: Tensor
    ) -> Tensor:
        """This process's part of the mean over all samples of a pair."""
        all_a, all_b = a[both], b[both]
        # Which of them are this process's.
        index = own[both].nonzero().squeeze(1)
        own_a, own_b = all_a[index], all_b[index]
        forth = scale * self.similarity(own_a, all_b)
        back = scale * self.similarity(all_a, own_b).mT
        return (
            F.cross_entropy(forth, index, reduction='sum')
            + F.cross_entropy(back, index, reduction='sum')
        ) / (2 * len(all_a))
