"""Several hands into one stream.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_choice, check_positive
from trimodal.models.layers.masking import masked_mean, masked_softmax
from trimodal.models.layers.transformer import INIT_STD, init_transformer

MODES = ('mean', 'concat', 'attention')


class HandFusion(nn.Module):
    """Merges the hands of each frame; unseen ones have no say.

    Hands share their encoder, so each gets an embedding that tells which it
    is.

    Args:
        mode (str): ``'mean'`` over the seen hands; ``'attention'``, a mean
            weighted by a learned score; or ``'concat'``, a linear layer over
            the hands side by side, with a learned vector in the place of an
            unseen one.
        num_hands (int): H.
        embed_dims (int): Channels.

    Raises:
        ValueError: If ``mode`` is none of these or a number is not positive.
    """

    def __init__(self, mode: str, num_hands: int, embed_dims: int) -> None:
        super().__init__()
        check_choice('hand_fusion', mode, MODES)
        check_positive(num_hands=num_hands, embed_dims=embed_dims)
        self.mode = mode
        self.which = nn.Parameter(torch.empty(num_hands, embed_dims))
        nn.init.trunc_normal_(self.which, std=INIT_STD)
        if mode == 'concat':
            self.unseen = nn.Parameter(torch.empty(num_hands, embed_dims))
            nn.init.trunc_normal_(self.unseen, std=INIT_STD)
            self.linear = nn.Linear(num_hands * embed_dims, embed_dims)
        elif mode == 'attention':
            self.linear = nn.Linear(embed_dims, 1, bias=False)
        self.apply(init_transformer)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Merge over ``H``.

        Args:
            x (Tensor): float ``[B, T, H, C]``.
            mask (Tensor): bool ``[B, T, H]``, True where a hand is seen.

        Returns:
            Tensor: float ``[B, T, C]``; without meaning where no hand is
            seen.
        """
        x = x + self.which
        if self.mode == 'mean':
            return masked_mean(x, mask, 2)
        if self.mode == 'concat':
            x = torch.where(mask.unsqueeze(-1), x, self.unseen)
            return self.linear(x.flatten(2))
        weights = masked_softmax(self.linear(x).squeeze(-1), mask)
        return (
            (weights.unsqueeze(-1) * x)
            .masked_fill(~mask.unsqueeze(-1), 0)
            .sum(2)
        )
