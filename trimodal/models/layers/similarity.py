"""How alike two vectors are, for every pair of them.

N vectors are compared with K others, each of C channels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_choice, check_positive

SIMILARITIES = ('cosine', 'bilinear', 'mlp')


class PairSimilarity(nn.Module):
    """Scores every pair of two sets of vectors, taken at length 1.

    Args:
        kind (str): ``'cosine'``; ``'bilinear'``, ``a W b`` with a learned
            ``W`` that starts as the identity; or ``'mlp'``, a network with one
            hidden layer over both vectors.
        channels (int): Channels; also the hidden layer's.

    Raises:
        ValueError: If ``kind`` is none of these or ``channels`` is not
            positive.
    """

    def __init__(self, kind: str, channels: int) -> None:
        super().__init__()
        check_choice('similarity', kind, SIMILARITIES)
        check_positive(channels=channels)
        self.kind = kind
        if kind == 'bilinear':
            self.weight = nn.Parameter(torch.eye(channels))
        if kind == 'mlp':
            # One layer over both vectors is a layer over each, added up.
            self.first = nn.Linear(channels, channels)
            self.second = nn.Linear(channels, channels, bias=False)
            # Its bias would move all scores alike.
            self.score = nn.Linear(channels, 1, bias=False)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Score each pair.

        Args:
            a (Tensor): float ``[N, C]``.
            b (Tensor): float ``[K, C]``.

        Returns:
            Tensor: float ``[N, K]``.
        """
        a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
        if self.kind == 'mlp':
            hidden = self.first(a).unsqueeze(1) + self.second(b)
            return self.score(F.gelu(hidden)).squeeze(2)
        if self.kind == 'bilinear':
            a = a @ self.weight
        return a @ b.mT
