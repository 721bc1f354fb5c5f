"""What heads that score classes share."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.heads.base import BaseHead, Samples
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.models.layers.class_weight import set_classes
from trimodal.models.layers.perceptron import perceptron
from trimodal.models.layers.soft_targets import class_shares, read_scores
from trimodal.registry import MODELS
from trimodal.structures import Fused, TriModalDataSample
from trimodal.utils import build


class ClassifierHead(BaseHead):
    """A logit for each class: linear, with hidden layers if wanted.

    ::

        loss(fused, data_samples) > self(fused)
                                  > targets(data_samples) > loss_module
        predict(fused, data_samples) > self(fused) > activate(logits)
                                     > write(sample, scores)

    Args:
        num_classes (int): Classes.
        in_channels (int): Channels of what was fused.
        loss (Mapping | nn.Module): The loss or its config; called with logits
            and targets.
        hidden_channels (Sequence[int]): Widths of hidden layers, each
            followed by GELU and dropout. Defaults to ().
        dropout (float): Dropout before each linear layer. Defaults to 0.0.
        decisions (bool): Whether what was fused are logits already. Defaults
            to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number of classes or channels is not positive,
            ``dropout`` lies outside [0, 1], ``decisions`` is set with another
            width than ``num_classes``, hidden layers or dropout, or the
            loss's class weights are not as many as the classes.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        loss: Mapping | nn.Module,
        hidden_channels: Sequence[int] = (),
        dropout: float = 0.0,
        decisions: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(in_channels, init_cfg)
        check_positive(num_classes=num_classes, in_channels=in_channels)
        check_probability(dropout=dropout)
        self.num_classes = num_classes
        if decisions:
            if in_channels != num_classes or hidden_channels or dropout:
                raise ValueError(
                    'decisions=True needs in_channels == num_classes, no '
                    f'hidden_channels and no dropout, got {in_channels}, '
                    f'{num_classes}, {tuple(hidden_channels)} and {dropout}'
                )
            self.layers: nn.Module = nn.Identity()
        else:
            widths = (in_channels, *hidden_channels, num_classes)
            self.layers = perceptron(widths, dropout)
        self.loss_module = build(loss, MODELS)
        set_classes(self.loss_module, num_classes)

    @abstractmethod
    def labels(self, data_samples: Samples, rows: Sequence[int]) -> Tensor:
        """The targets of samples with a ``gt_label`` and no ``gt_score``.

        Args:
            data_samples (Sequence[TriModalDataSample]): A batch.
            rows (Sequence[int]): Which of them.

        Returns:
            Tensor: int64 ``[N]`` or float32 ``[N, classes]``.

        Raises:
            ValueError: If a label cannot be.
        """

    @abstractmethod
    def activate(self, logits: Tensor) -> Tensor:
        """Logits to scores in [0, 1], both float32 ``[B, classes]``."""

    @abstractmethod
    def write(self, sample: TriModalDataSample, scores: Tensor) -> None:
        """Write the predictions of one sample into it.

        Args:
            sample (TriModalDataSample): A copy.
            scores (Tensor): float32 ``[classes]``.
        """

    def forward(self, fused: Fused) -> Tensor:
        """Logits, float ``[B, classes]``."""
        return self.layers(fused.pooled)

    def loss(self, fused: Fused, data_samples: Samples) -> dict[str, Tensor]:
        """Compute ``loss_cls`` over the samples with a target.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample.

        Returns:
            dict[str, Tensor]: ``loss_cls``.

        Raises:
            ValueError: If a target cannot be.
        """
        logits = self(fused)
        rows, target = self.targets(data_samples)
        target = target.to(logits.device)
        return {'loss_cls': self.loss_module(logits[rows], target)}

    def predict(
        self, fused: Fused, data_samples: Samples
    ) -> list[TriModalDataSample]:
        """Add ``pred_score`` and ``pred_label``.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample; stay as
                they are.

        Returns:
            list[TriModalDataSample]: Copies with the predictions.
        """
        # In one transfer: what is chosen of each is found on the CPU.
        scores = self.activate(self(fused).detach().float()).cpu()
        copies = [sample.new() for sample in data_samples]
        for copy, row in zip(copies, scores, strict=True):
            self.write(copy, row)
        return copies

    def targets(self, data_samples: Samples) -> tuple[list[int], Tensor]:
        """Which samples have a target, and the targets.

        Args:
            data_samples (Sequence[TriModalDataSample]): A batch. A
                ``gt_score`` goes before a ``gt_label``.

        Returns:
            tuple[list[int], Tensor]: Rows, and int64 ``[N]``, or, as soon as
            one has a ``gt_score``, float32 ``[N, classes]``.

        Raises:
            ValueError: If a target cannot be.
        """
        soft = [r for r, s in enumerate(data_samples) if 'gt_score' in s]
        hard = [
            row
            for row, sample in enumerate(data_samples)
            if 'gt_label' in sample and 'gt_score' not in sample
        ]
        labels = self.labels(data_samples, hard)
        if not soft:
            return hard, labels
        scores = self.scores(data_samples, soft)
        labels = class_shares(labels.to(scores.device), self.num_classes)
        return hard + soft, torch.cat([labels, scores])

    def scores(self, data_samples: Samples, rows: Sequence[int]) -> Tensor:
        """The targets of samples with a ``gt_score``.

        Args:
            data_samples (Sequence[TriModalDataSample]): A batch.
            rows (Sequence[int]): Which of them, one at least.

        Returns:
            Tensor: float32 ``[N, classes]``.

        Raises:
            ValueError: If there are not as many as classes, or one lies
                outside [0, 1].
        """
        return read_scores(data_samples, rows, self.num_classes)
