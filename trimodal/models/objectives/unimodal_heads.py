"""A head of its own for each modality.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from trimodal.models.heads import BaseHead, ClsHead
from trimodal.models.layers import MaskedPooling
from trimodal.models.layers.checks import check_positive, check_widths
from trimodal.models.layers.soft_targets import class_shares
from trimodal.models.objectives.base import BaseObjective, Samples
from trimodal.registry import MODELS
from trimodal.structures import Fused, Tokens, TriModalDataSample
from trimodal.utils import build


@MODELS.register_module()
class UnimodalHeads(BaseObjective):
    """Each modality has to answer by itself, too.

    Where two modalities tell all, a third learns little: its own head keeps
    asking for it. The auxiliary losses of `What Makes Training Multi-Modal
    Classification Networks Hard? <https://arxiv.org/abs/1905.12681>`_ with
    fixed weights. Each head learns from the samples that have its modality.
    Losses are called after the head's and the modality
    (``loss_cls_<modality>``); of classification heads, ``score_<modality>``
    is the mean probability of the true class, over the samples of all
    processes that have the modality (0 if none has).

    Args:
        modalities (Sequence[str]): Which modalities get a head.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        head (Mapping): Config of the heads, without ``in_channels``.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps of a stream. Defaults to ``'mean'``.
        loss_weight (float | Mapping[str, float]): Factor of the losses, or
            one for each modality. Defaults to 1.0.
        detach (bool): Whether the heads only watch: the encoders learn
            nothing from them, but the scores tell how good each is. Defaults
            to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``modalities`` is empty or has doubles, ``in_channels``
            or ``loss_weight`` does not name exactly these, a width or weight
            is not positive, or ``pooling`` is unknown.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        head: Mapping,
        pooling: str = 'mean',
        loss_weight: float | Mapping[str, float] = 1.0,
        detach: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = check_widths(modalities, in_channels)
        self.modalities = tuple(widths)
        self.loss_weight = self._weights(loss_weight)
        self.detach = detach
        self.poolings = nn.ModuleDict(
            {name: MaskedPooling(pooling, w) for name, w in widths.items()}
        )
        self.heads = nn.ModuleDict(
            {
                name: build({**head, 'in_channels': width}, MODELS)
                for name, width in widths.items()
            }
        )

    @property
    def classifies(self) -> bool:
        """Whether the heads give a score for each class."""
        return all(isinstance(head, ClsHead) for head in self.heads.values())

    def _weights(self, given: float | Mapping[str, float]) -> dict[str, float]:
        if not isinstance(given, Mapping):
            given = dict.fromkeys(self.modalities, given)
        if set(given) != set(self.modalities):
            raise ValueError(
                f'loss_weight must be a number or name '
                f'{sorted(self.modalities)}, got {dict(given)}'
            )
        for value in given.values():
            check_positive(loss_weight=value)
        return dict(given)

    def loss(
        self,
        streams: Mapping[str, Tokens],
        fused: Fused,
        data_samples: Samples,
    ) -> dict[str, Tensor]:
        """Compute each head's losses, and the scores.

        Args:
            streams (Mapping[str, Tokens]): What the fusion was given.
            fused (Fused): What was fused; changes nothing.
            data_samples (Sequence[TriModalDataSample]): One a sample.

        Returns:
            dict[str, Tensor]: Losses and statistics.

        Raises:
            ValueError: If one of ``modalities`` is not among the streams.
        """
        views = self._views(streams)
        asked = self._asked(views, data_samples)
        losses = {}
        for name in self.modalities:
            head = cast(BaseHead, self.heads[name])
            for key, value in head.loss(views[name], asked[name]).items():
                losses[f'{key}_{name}'] = self._weigh(name, key, value)
        if self.classifies:
            scores = self._scores(views, asked)
            means = scores[0] / scores[1].clamp(min=1)
            for name, mean in zip(self.modalities, means, strict=True):
                losses[f'score_{name}'] = mean
        return losses

    def _weigh(self, name: str, key: str, value: Tensor) -> Tensor:
        return value * self.loss_weight[name] if 'loss' in key else value

    def _views(self, streams: Mapping[str, Tokens]) -> dict[str, Fused]:
        """Each modality as if there were no other."""
        missing = [name for name in self.modalities if name not in streams]
        if missing:
            raise ValueError(
                f'modalities must be some of {sorted(streams)}, got {missing}'
            )
        views = {}
        for name in self.modalities:
            stream = streams[name]
            x = stream.x.detach() if self.detach else stream.x
            pooled = self.poolings[name](x, stream.mask)
            weights = stream.present.unsqueeze(1).to(pooled.dtype)
            views[name] = Fused(x, stream.mask, pooled, weights)
        return views

    def _asked(
        self, views: Mapping[str, Fused], data_samples: Samples
    ) -> dict[str, list[TriModalDataSample]]:
        """For each modality the samples, bare ones where it is absent.

        A head leaves out what has no annotation of its task.
        """
        kept = torch.cat([view.weights for view in views.values()], dim=1)
        rows = kept.bool().T.tolist()
        return {
            name: [
                sample if here else TriModalDataSample()
                for sample, here in zip(data_samples, row, strict=True)
            ]
            for name, row in zip(self.modalities, rows, strict=True)
        }

    @torch.no_grad()
    def _scores(
        self,
        views: Mapping[str, Fused],
        asked: Mapping[str, list[TriModalDataSample]],
    ) -> Tensor:
        """Sum of the true classes' probabilities, and of how many samples.

        Over all processes, float32 ``[2, M]``.
        """
        columns = []
        for name, head in self.heads.items():
            assert isinstance(head, ClsHead)
            logits = head(views[name]).float()
            rows, target = head.targets(asked[name])
            true = class_shares(target.to(logits.device), head.num_classes)
            right = logits[rows].softmax(1) * true
            columns.append(
                torch.stack([right.sum(), right.new_tensor(len(rows))])
            )
        scores = torch.stack(columns, dim=1)
        all_reduce(scores, op='sum')
        return scores
