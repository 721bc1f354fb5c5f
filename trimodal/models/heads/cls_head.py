"""Classification: one class a sample."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.heads.base import BaseHead, Samples
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.models.layers.perceptron import perceptron
from trimodal.registry import MODELS
from trimodal.structures import Fused, TriModalDataSample
from trimodal.utils import build


@MODELS.register_module()
class ClsHead(BaseHead):
    """A linear classifier, with hidden layers if wanted.

    Args:
        num_classes (int): Classes.
        in_channels (int): Channels of what was fused.
        hidden_channels (Sequence[int]): Widths of hidden layers, each
            followed by GELU and dropout. Defaults to ().
        dropout (float): Dropout before each linear layer. Defaults to 0.0.
        loss (Mapping | nn.Module): The loss or its config; called with logits
            and targets. Defaults to plain cross-entropy.
        decisions (bool): Whether what was fused are logits already, as
            ``LateFusion`` gives them: the head then has no layer of its own.
            Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number of classes or channels is not positive,
            ``dropout`` lies outside [0, 1], or ``decisions`` is set with
            another width than ``num_classes``, hidden layers or dropout.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        hidden_channels: Sequence[int] = (),
        dropout: float = 0.0,
        loss: Mapping | nn.Module = {'type': 'CrossEntropyLoss'},  # noqa: B006
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

    def forward(self, fused: Fused) -> Tensor:
        """Logits, float ``[B, classes]``."""
        return self.layers(fused.pooled)

    def loss(self, fused: Fused, data_samples: Samples) -> dict[str, Tensor]:
        """Compute ``loss_cls`` over the samples with a ``gt_label``.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample.

        Returns:
            dict[str, Tensor]: ``loss_cls``.

        Raises:
            ValueError: If a label is no single class of ``num_classes``.
        """
        logits = self(fused)
        rows, labels = self.targets(data_samples)
        target = torch.tensor(labels, dtype=torch.int64, device=logits.device)
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
        scores = self(fused).detach().float().softmax(dim=1)
        return [
            sample.new().set_pred_score(score)
            for sample, score in zip(data_samples, scores, strict=True)
        ]

    def targets(self, data_samples: Samples) -> tuple[list[int], list[int]]:
        """Which samples have a label, and the labels."""
        rows = [row for row, s in enumerate(data_samples) if 'gt_label' in s]
        labels = []
        for row in rows:
            sample = data_samples[row]
            label = sample.gt_label.tolist()
            if len(label) != 1 or not 0 <= label[0] < self.num_classes:
                raise ValueError(
                    f'gt_label must be one class of {self.num_classes}, got '
                    f'{label} in sample {sample.get("sample_id", row)!r}'
                )
            labels += label
        return rows, labels
