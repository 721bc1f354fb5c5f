"""From a masked sequence to one vector."""

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_choice
from trimodal.models.layers.masking import masked_mean, masked_softmax
from trimodal.models.layers.transformer import init_transformer
from trimodal.registry import MODELS

MODES = ('mean', 'max', 'cls', 'attention')


@MODELS.register_module()
class MaskedPooling(nn.Module):
    """Pools the real steps of a sequence; nothing real gives zeros.

    Args:
        mode (str): ``'mean'``; ``'max'``; ``'cls'``, the first real step,
            which is where an encoder puts its class token; or
            ``'attention'``, a mean weighted by a learned score per step, as
            in `A Structured Self-attentive Sentence Embedding
            <https://arxiv.org/abs/1703.03130>`_ with one hop.
        in_channels (int): Channels.

    Raises:
        ValueError: If ``mode`` is none of these.
    """

    def __init__(self, mode: str, in_channels: int) -> None:
        super().__init__()
        check_choice('pooling', mode, MODES)
        self.mode = mode
        if mode == 'attention':
            self.score = nn.Sequential(
                nn.Linear(in_channels, in_channels),
                nn.Tanh(),
                # Its bias would move every score alike: a softmax ignores it.
                nn.Linear(in_channels, 1, bias=False),
            )
            self.apply(init_transformer)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Pool over ``T``.

        Args:
            x (Tensor): float ``[B, T, C]``.
            mask (Tensor): bool ``[B, T]``, True for real steps.

        Returns:
            Tensor: float ``[B, C]``.
        """
        if self.mode == 'mean':
            return masked_mean(x, mask, 1)
        if self.mode == 'attention':
            weights = masked_softmax(self.score(x).squeeze(-1), mask)
            return (weights.unsqueeze(1) @ x.to(weights.dtype)).squeeze(1)
        pick = _largest if self.mode == 'max' else _first
        return pick(x, mask).masked_fill(~mask.any(1, keepdim=True), 0)


def _largest(x: Tensor, mask: Tensor) -> Tensor:
    low = torch.finfo(x.dtype).min
    return x.masked_fill(~mask.unsqueeze(-1), low).amax(1)


def _first(x: Tensor, mask: Tensor) -> Tensor:
    # Of equal values, argmax gives the first.
    return x[torch.arange(len(x), device=x.device), mask.int().argmax(1)]
