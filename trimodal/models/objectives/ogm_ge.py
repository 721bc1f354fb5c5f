"""How far each modality is ahead, for on-the-fly gradient modulation."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from trimodal.models.layers.checks import check_positive
from trimodal.models.objectives.unimodal_heads import UnimodalHeads
from trimodal.registry import MODELS
from trimodal.structures import Fused, TriModalDataSample


@MODELS.register_module()
class OGMGE(UnimodalHeads):
    """The discrepancy between modalities, and the coefficients it asks for.

    From `Balanced Multimodal Learning via On-the-fly Gradient Modulation
    <https://arxiv.org/abs/2203.15332>`_: an encoder that is ahead learns more
    slowly, so that the others catch up. This part measures; ``OGMGEHook``
    scales the encoders' gradients and adds the noise, and both must stand in
    the config.

    The paper takes each modality's logits from the joint linear classifier;
    since other fusions have none, here heads that only watch give them. With
    s_m the mean probability of the true class over the samples that have
    modality m, in the batches of all processes since the last step,

        rho_m = s_m / (mean of the other modalities' s),
        k_m = 1 - tanh(alpha * rho_m) if rho_m > 1, else 1.

    A modality that no sample has is left out of the mean and has k = 1. For
    two modalities that nobody lacks this is the paper's formula.

    A constant factor of the gradient cancels in optimizers such as Adam, so
    there only the changes of k and the noise act: meant for SGD.

    Args:
        modalities (Sequence[str]): The modalities that are compared.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        head (Mapping): Config of the heads, a ``ClsHead`` without
            ``in_channels``.
        alpha (float): How strongly the one ahead is slowed down. Defaults to
            0.3.
        noise (bool): Whether each gradient gets normal noise of its own
            standard deviation (generalisation enhancement), as in the
            authors' code. Defaults to True.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps of a stream. Defaults to ``'mean'``.
        loss_weight (float | Mapping[str, float]): Factor of the heads'
            losses. Defaults to 1.0.
        detach (bool): Whether the encoders learn nothing from these heads.
            Defaults to True.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``alpha`` is not positive, ``head`` is no
            classification head, or another argument is refused by
            ``UnimodalHeads``.
    """

    seen: Tensor

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        head: Mapping,
        alpha: float = 0.3,
        noise: bool = True,
        pooling: str = 'mean',
        loss_weight: float | Mapping[str, float] = 1.0,
        detach: bool = True,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            modalities,
            in_channels,
            head,
            pooling,
            loss_weight,
            detach,
            init_cfg,
        )
        check_positive(alpha=alpha)
        if not self.classifies:
            raise ValueError(
                f'head must be a classification head, got {head["type"]!r}'
            )
        self.alpha = alpha
        self.noise = noise
        empty = torch.zeros(2, len(self.modalities))
        self.register_buffer('seen', empty, persistent=False)

    def _scores(
        self,
        views: Mapping[str, Fused],
        asked: Mapping[str, list[TriModalDataSample]],
    ) -> Tensor:
        scores = super()._scores(views, asked)
        if self.training:
            self.seen += scores
        return scores

    def take_coefficients(self) -> Tensor:
        """The coefficients since they were taken last, float32 ``[M]``."""
        scores, counts = self.seen
        self.seen = torch.zeros_like(self.seen)
        return modulation(scores, counts, self.alpha)


def modulation(scores: Tensor, counts: Tensor, alpha: float) -> Tensor:
    """The coefficient of each modality.

    Args:
        scores (Tensor): float ``[M]``, sums of the true classes'
            probabilities.
        counts (Tensor): float ``[M]``, of how many samples.
        alpha (float): The paper's alpha.

    Returns:
        Tensor: float ``[M]`` in (0, 1].

    Examples:
        >>> scores = torch.tensor([8.0, 4.0])
        >>> modulation(scores, torch.tensor([10.0, 10.0]), 0.5)
        tensor([0.2384, 1.0000])
    """
    some = counts > 0
    means = scores / counts.clamp(min=1)
    others = (some.sum() - some.long()).clamp(min=1)
    rest = (means.sum() - means) / others
    ratio = means / rest.clamp(min=torch.finfo(rest.dtype).tiny)
    slowed = 1 - torch.tanh(alpha * ratio)
    ahead = some & (rest > 0) & (ratio > 1)
    return torch.where(ahead, slowed, torch.ones_like(slowed))
