"""Classification: any number of classes a sample."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from trimodal.models.heads.base import Samples
from trimodal.models.heads.classifier import ClassifierHead
from trimodal.models.layers.checks import check_probability
from trimodal.models.layers.soft_targets import read_many_hot
from trimodal.registry import MODELS
from trimodal.structures import TriModalDataSample


@MODELS.register_module()
class MultiLabelHead(ClassifierHead):
    """A yes or no for each class: linear, with hidden layers if wanted.

    The target is ``gt_label``, all classes that a sample is of (there may be
    none), or ``gt_score``, how much it is of each. Predictions are the
    sigmoids, and, as ``pred_label``, the classes of at least ``threshold`` or
    the ``topk`` best.

    Args:
        num_classes (int): Classes.
        in_channels (int): Channels of what was fused.
        hidden_channels (Sequence[int]): Widths of hidden layers, each
            followed by GELU and dropout. Defaults to ().
        dropout (float): Dropout before each linear layer. Defaults to 0.0.
        loss (Mapping | nn.Module): The loss or its config; called with logits
            and targets float ``[N, classes]``. Defaults to binary
            cross-entropy.
        threshold (float | None): Score from which on a class is predicted.
            Defaults to None: 0.5, unless ``topk`` is given.
        topk (int | None): How many classes are predicted, whatever their
            scores. Defaults to None: as many as the threshold allows.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number of classes or channels is not positive,
            ``dropout`` or ``threshold`` lies outside [0, 1], ``topk`` is not
            in 1 .. ``num_classes``, both are given, or the loss is one of
            classes that exclude each other.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        hidden_channels: Sequence[int] = (),
        dropout: float = 0.0,
        loss: Mapping | nn.Module = {'type': 'BinaryCrossEntropyLoss'},  # noqa: B006
        threshold: float | None = None,
        topk: int | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            num_classes,
            in_channels,
            loss,
            hidden_channels,
            dropout,
            init_cfg=init_cfg,
        )
        for module in self.loss_module.modules():
            if getattr(module, 'softmax', False):
                raise ValueError(
                    'loss must ask for each class by itself, as '
                    'BinaryCrossEntropyLoss and FocalLoss do, got '
                    f'{type(module).__name__}'
                )
        if topk is not None:
            if not 1 <= topk <= num_classes or threshold is not None:
                raise ValueError(
                    f'topk must be in 1 .. {num_classes}, without a '
                    f'threshold, got {topk} and {threshold}'
                )
        else:
            threshold = 0.5 if threshold is None else threshold
            check_probability(threshold=threshold)
        self.threshold = threshold
        self.topk = topk

    def labels(self, data_samples: Samples, rows: Sequence[int]) -> Tensor:
        """One for each class that a sample is of, float32 ``[N, classes]``."""
        return read_many_hot(data_samples, rows, self.num_classes)

    def activate(self, logits: Tensor) -> Tensor:
        """Sigmoid."""
        return logits.sigmoid()

    def write(self, sample: TriModalDataSample, scores: Tensor) -> None:
        """Write the scores, and the classes predicted."""
        sample.set_pred_score(scores, self.threshold)
        if self.topk is not None:
            sample.set_pred_label(scores.topk(self.topk).indices)
