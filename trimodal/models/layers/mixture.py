"""Many experts, of which each step asks a few.

Shape letters: see :mod:`trimodal.structures.streams`; ``N`` real steps, ``E``
experts.
"""

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.masking import connect
from trimodal.models.layers.steps import put_real, take_real
from trimodal.models.layers.transformer import FeedForward, init_transformer


class MixtureOfExperts(nn.Module):
    """Sends every real step to a few of many feed-forward networks.

    From `Outrageously Large Neural Networks
    <https://arxiv.org/abs/1701.06538>`_: the best ``top_k`` by a gate with
    noise in training, weighted by a softmax over these. With one expert a
    step, its probability among all is the weight, as in `Switch Transformers
    <https://arxiv.org/abs/2101.03961>`_: a softmax over one would teach the
    gate nothing. The gate works in float32.

    Steps are sorted by expert, so the cost is that of ``top_k`` experts; an
    expert that nobody asks is given none, and stays in the graph.

    Args:
        embed_dims (int): Channels in and out.
        num_experts (int): Experts. Defaults to 4.
        top_k (int): Experts a step. Defaults to 2.
        feedforward_channels (int | None): Channels inside an expert. Defaults
            to None, twice ``embed_dims``.
        noisy (bool): Whether the gate has learned noise in training. Defaults
            to True.
        dropout (float): Dropout in the experts. Defaults to 0.0.

    Raises:
        ValueError: If a number is not positive, or ``top_k`` is larger than
            ``num_experts``.
    """

    def __init__(
        self,
        embed_dims: int,
        num_experts: int = 4,
        top_k: int = 2,
        feedforward_channels: int | None = None,
        noisy: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if feedforward_channels is None:
            feedforward_channels = 2 * embed_dims
        check_positive(
            num_experts=num_experts, feedforward_channels=feedforward_channels
        )
        if not 1 <= top_k <= num_experts:
            raise ValueError(
                f'top_k must lie in [1, num_experts={num_experts}], got '
                f'{top_k}'
            )
        self.top_k = top_k
        self.gate = nn.Linear(embed_dims, num_experts, bias=False)
        self.noise = (
            nn.Linear(embed_dims, num_experts, bias=False) if noisy else None
        )
        self.experts = nn.ModuleList(
            FeedForward(embed_dims, feedforward_channels, dropout)
            for _ in range(num_experts)
        )
        self.apply(init_transformer)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Ask the experts.

        Args:
            x (Tensor): float ``[B, T, C]``.
            mask (Tensor): bool ``[B, T]``, True for real steps; the others
                are not routed, and do not count.

        Returns:
            tuple[Tensor, Tensor]: What the experts say, float ``[B, T, C]``,
            zero where masked; and how unevenly they are asked, a scalar to
            be made small: see :func:`imbalance`. It is 0 in evaluation, in
            which processes may have different numbers of batches and must
            not wait for each other.
        """
        rows = take_real(x, mask)
        probs = self._probabilities(rows)
        weights, chosen = probs.topk(self.top_k, dim=1)
        if self.top_k > 1:
            weights = weights / weights.sum(1, keepdim=True)
        said = self._ask(rows, weights, chosen)
        whole = put_real(said, mask)
        if not self.training:
            return whole, 0 * probs.sum()
        return whole, imbalance(probs, chosen)

    def _probabilities(self, rows: Tensor) -> Tensor:
        """Of each expert for each step, float32 ``[N, E]``."""
        with torch.autocast(rows.device.type, enabled=False):
            rows = rows.float()
            scores = self.gate(rows)
            if self.noise is not None and self.training:
                spread = F.softplus(self.noise(rows))
                scores = scores + spread * torch.randn_like(scores)
            elif self.noise is not None:
                scores = connect(scores, self.noise)
            return scores.softmax(1)

    def _ask(self, rows: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """What the chosen experts say together, float ``[N, C]``."""
        asked = chosen.flatten()
        order = asked.argsort(stable=True)
        counts = asked.bincount(minlength=len(self.experts)).tolist()
        who = order // self.top_k
        parts = rows[who].split(counts)
        said = torch.cat(
            [e(part) for e, part in zip(self.experts, parts, strict=True)]
        )
        said = said * weights.flatten()[order].unsqueeze(1)
        return torch.zeros_like(rows, dtype=said.dtype).index_add(0, who, said)


def imbalance(probs: Tensor, chosen: Tensor) -> Tensor:
    """The load-balancing loss of Switch Transformers.

    ``E`` times the sum over experts of the share of steps that were sent to
    it times its mean probability: 1 where all are asked alike, up to ``E``
    where one is asked always. Shares and means run over the steps of all
    processes together, so processes with a batch each, of whatever lengths,
    get the gradient of one with all of it.

    Args:
        probs (Tensor): float32 ``[N, E]``.
        chosen (Tensor): int64 ``[N, K]``, the experts of each step.

    Returns:
        Tensor: float32 scalar, this process's part; 0 without any step.
    """
    size = probs.shape[1]
    loads = chosen.flatten().bincount(minlength=size).to(probs.dtype)
    all_reduce(loads, op='mean')
    asked = loads.sum()
    asked = asked.masked_fill(asked == 0, 1)
    steps = asked / chosen.shape[1]
    return size * (loads / asked * probs.sum(0) / steps).sum()
