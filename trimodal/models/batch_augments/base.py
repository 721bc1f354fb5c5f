"""What is shared by augmentations that mix a sample with a partner.

Shape letters: see :mod:`trimodal.structures.streams`; S, a share of the
sample itself: 1 is all its own, 0 all its partner's.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.distributions import Beta

from trimodal.models.batch_augments.targets import mixable, mixed_scores
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.structures import ModalityInput, TriModalDataSample

Inputs = Mapping[str, ModalityInput]
Samples = Sequence[TriModalDataSample]


class BaseMix(nn.Module, metaclass=ABCMeta):
    """Mixes samples of a batch, all their modalities alike.

    Each sample gets one partner, drawn from the batch, and one share ``S``,
    drawn from Beta(alpha, alpha), and both hold for every modality. What is
    mixed is what the preprocessors made (of a spectrogram its features).

    Absent is not zeros: a modality that only one of the two has stays as it
    is, whosever it is. The target has to tell what is to be seen then: the
    share of the sample itself in a modality is the mean over its real steps
    (of hands: those seen; of pictures: the pixels), and the target's share is
    the mean over the modalities that the mixed sample has. With ``S`` = 0.8,
    speech of both and a picture of the partner alone it is (0.8 + 0) / 2.

    Mixed samples have a ``gt_score`` in place of ``gt_label``. Samples
    without a class are left as they are, and are nobody's partner.

    Args:
        num_classes (int): Classes.
        alpha (float): Of the distribution of shares: below 1 most samples
            stay nearly what they are, 1 draws all shares alike.
        prob (float): Probability that a batch is mixed. Defaults to 1.0.
        drop (Sequence[str]): Other targets that samples may have, because no
            head asks for them (such as ``'gt_text'``): mixed samples lose
            them. Defaults to ().

    Raises:
        ValueError: If ``num_classes`` or ``alpha`` is not positive, or
            ``prob`` lies outside [0, 1].
    """

    def __init__(
        self,
        num_classes: int,
        alpha: float,
        prob: float = 1.0,
        drop: Sequence[str] = (),
    ) -> None:
        super().__init__()
        check_positive(num_classes=num_classes, alpha=alpha)
        check_probability(prob=prob)
        self.num_classes = num_classes
        self.alpha = alpha
        self.prob = prob
        self.drop = tuple(drop)

    @abstractmethod
    def shares(self, x: ModalityInput, partner: Tensor, s: Tensor) -> Tensor:
        """How much of each step is to be the sample's own.

        Args:
            x (ModalityInput): A batch of one modality, as it came.
            partner (Tensor): int64 ``[B]``.
            s (Tensor): float32 ``[B]``, the shares.

        Returns:
            Tensor: float32, the shape of ``x.mask``, in [0, 1]; of samples
            that both have the modality.
        """

    @torch.no_grad()
    def forward(
        self, inputs: Inputs, data_samples: Samples
    ) -> tuple[dict[str, ModalityInput], list[TriModalDataSample]]:
        """Mix a batch; what was given stays as it is.

        Args:
            inputs (Mapping[str, ModalityInput]): A batch per modality.
            data_samples (Sequence[TriModalDataSample]): One a sample.

        Returns:
            tuple[dict[str, ModalityInput], list[TriModalDataSample]]: The
            mixed batch; its mixed samples are copies.

        Raises:
            ValueError: If a sample to be mixed has a target that cannot be
                mixed and is not in ``drop``, or a class beyond
                ``num_classes``.
        """
        rows = mixable(data_samples, self.drop)
        skipped = torch.rand(()) >= self.prob
        if skipped or len(rows) < 2:
            return dict(inputs), list(data_samples)
        device = next(iter(inputs.values())).data.device
        partner, s = self._draw(len(data_samples), rows)
        partner, s = partner.to(device), s.to(device)
        mixed, parts = {}, []
        for name, x in inputs.items():
            own = self._own(x, partner, s)
            mixed[name] = _blend(x, partner, own)
            parts.append(_mean_share(mixed[name].mask, own))
        share = _over_modalities(torch.stack(parts, dim=1))
        return mixed, self._retarget(data_samples, rows, partner, share)

    def _draw(self, size: int, rows: list[int]) -> tuple[Tensor, Tensor]:
        """Partners and shares; all but ``rows`` keep to themselves."""
        partner, s = torch.arange(size), torch.ones(size)
        chosen = torch.tensor(rows)
        partner[chosen] = chosen[torch.randperm(len(rows))]
        s[chosen] = Beta(self.alpha, self.alpha).sample((len(rows),))
        return partner, s

    def _own(self, x: ModalityInput, partner: Tensor, s: Tensor) -> Tensor:
        """The sample's own share of each step, float32 like ``x.mask``."""
        both = x.present & x.present[partner]
        column = both.view(-1, *[1] * (x.mask.dim() - 1))
        whole = x.present.float().view(column.shape)
        return torch.where(column, self.shares(x, partner, s), whole)

    def _retarget(
        self,
        data_samples: Samples,
        rows: list[int],
        partner: Tensor,
        share: Tensor,
    ) -> list[TriModalDataSample]:
        scores = mixed_scores(
            data_samples, rows, self.num_classes, share.device
        )
        scores = torch.lerp(scores[partner], scores, share.unsqueeze(1))
        made = list(data_samples)
        for row in rows:
            copy = made[row].new()
            for name in ('gt_label', *self.drop):
                if name in copy:
                    delattr(copy, name)
            made[row] = copy.set_gt_score(scores[row])
        return made


def _blend(x: ModalityInput, partner: Tensor, own: Tensor) -> ModalityInput:
    """The mixed batch of a modality; ``own`` [...] like its mask."""
    mask = (x.mask & (own > 0)) | (x.mask[partner] & (own < 1))
    spread = _like_data(own, x).to(x.data.dtype)
    # Exact at both ends, so what is not mixed does not change.
    return ModalityInput(torch.lerp(x.data[partner], x.data, spread), mask)


def is_picture(x: ModalityInput) -> bool:
    """Whether channels come first: the mask is of what follows them."""
    fits = x.data.shape[2:] == x.mask.shape[1:]
    return x.mask.dim() == 3 and x.data.dim() == 4 and fits


def _like_data(values: Tensor, x: ModalityInput) -> Tensor:
    """Values shaped as the mask, to be broadcast over the data."""
    if is_picture(x):
        return values.unsqueeze(1)
    return values.view(*values.shape, *[1] * (x.data.dim() - values.dim()))


def _mean_share(mask: Tensor, own: Tensor) -> Tensor:
    """Mean over what is real, float32 ``[B]``; NaN where nothing is."""
    count = mask.flatten(1).sum(1)
    return (own * mask).flatten(1).sum(1) / count


def _over_modalities(parts: Tensor) -> Tensor:
    """Mean over modalities ``[B, M]`` that are there, float32 ``[B]``.

    A sample of which nothing is to be seen keeps its own target.
    """
    return parts.nanmean(1).nan_to_num(1.0).clamp(0, 1)
