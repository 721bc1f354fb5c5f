"""Fusion of decisions.

Shape letters: see :mod:`trimodal.structures.streams`; ``K`` classes.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    join_streams,
    shares,
    stack_present,
    weigh,
)
from trimodal.models.layers import (
    StreamMap,
    StreamMixes,
    StreamPoolings,
    init_transformer,
)
from trimodal.models.layers.checks import check_choice, check_positive
from trimodal.registry import MODELS
from trimodal.structures import Fused

RULES = ('mean', 'mean_prob', 'product', 'max', 'weighted')


@MODELS.register_module()
class LateFusion(BaseFusion):
    """Each modality decides for itself; the decisions are combined.

    After `On Combining Classifiers <https://doi.org/10.1109/34.667881>`_.
    Every modality has a classifier of its own, which gives ``out_channels``
    logits at each step; pooled over the steps, they are its decision. With
    ``p`` the softmax of a decision, the present modalities are combined to

    - ``'mean'``: the mean of the logits;
    - ``'mean_prob'``: the logarithm of the mean of ``p``;
    - ``'product'``: the logarithm of the product of ``p``, normalised;
    - ``'max'``: the logarithm of the largest ``p`` of each class;
    - ``'weighted'``: a mean of the logits, by a softmax over learned
      confidences: a linear score, for each modality, of its own logits.

    The result are logits, which ``ClsHead(decisions=True)`` takes as they
    are. Where everything is absent, they are all alike.

    The weights are the confidences (``'weighted'``); for ``'max'``, the
    probability of the classes in which a modality's was the largest; and
    otherwise the same for all that are present.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Classes.
        rule (str): How decisions are combined. Defaults to ``'mean'``.
        hidden_channels (int | None): Width of a hidden layer in each
            classifier. Defaults to None: none, a linear classifier.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``rule`` or ``pooling`` is none of these, or
            ``hidden_channels`` is not positive.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        rule: str = 'mean',
        hidden_channels: int | None = None,
        pooling: str = 'mean',
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        check_choice('rule', rule, RULES)
        self.rule = rule
        # Their biases are not zero from the start: a decision on nothing but
        # zeros would be even, and the same as none.
        self.classifiers = StreamMap(
            {
                name: _classifier(width, hidden_channels, out_channels)
                for name, width in self.in_channels.items()
            }
        )
        self.poolings = StreamPoolings(self.modalities, pooling, out_channels)
        if rule == 'weighted':
            self.confidences = StreamMixes(self.modalities, out_channels, 1)
            self.confidences.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Decide at each step, pool, combine.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the logits at each step of each stream, one
            after the other; pooled are the combined ones.
        """
        steps = self.classifiers(streams)
        present = stack_present(steps)
        whole, weights = self._combine(self.poolings(steps), present)
        return Fused(*join_streams(steps), whole, weights)

    def _combine(
        self, logits: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Combine float ``[B, M, K]`` to ``[B, K]``, and tell the weights."""
        if self.rule == 'weighted':
            return weigh(logits, self.confidences(logits).squeeze(2), present)
        even = shares(torch.ones_like(logits[..., 0]), present)
        if self.rule == 'mean':
            return (even.unsqueeze(2) * logits).sum(1), even
        decisions = logits.log_softmax(2)
        there = present.unsqueeze(2)
        if self.rule == 'product':
            total = decisions.masked_fill(~there, 0).sum(1)
            return total.log_softmax(1), even
        # With nothing present, each has its even decision: zeros.
        opened = there | ~present.any(1).view(-1, 1, 1)
        decisions = decisions.masked_fill(~opened, float('-inf'))
        if self.rule == 'mean_prob':
            count = opened.sum(1).to(decisions.dtype)
            return decisions.logsumexp(1) - count.log(), even
        whole, largest = decisions.max(1)
        return whole, shares(_owned(whole, largest, present), present)


def _owned(whole: Tensor, largest: Tensor, present: Tensor) -> Tensor:
    """The probability of the classes each modality won, float ``[B, M]``."""
    probabilities = whole.detach().softmax(1)
    owned = probabilities.new_zeros(present.shape)
    return owned.scatter_add(1, largest, probabilities)


def _classifier(
    in_channels: int, hidden_channels: int | None, classes: int
) -> nn.Module:
    if hidden_channels is None:
        return nn.Linear(in_channels, classes)
    check_positive(hidden_channels=hidden_channels)
    return nn.Sequential(
        nn.Linear(in_channels, hidden_channels),
        nn.GELU(),
        nn.Linear(hidden_channels, classes),
    )
