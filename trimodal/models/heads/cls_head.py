"""Classification: one class a sample."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from trimodal.models.heads.base import Samples
from trimodal.models.heads.classifier import ClassifierHead
from trimodal.models.layers.soft_targets import named, read_labels
from trimodal.registry import MODELS
from trimodal.structures import TriModalDataSample

# How far shares may add up to something else than 1.
SLACK = 1e-3


@MODELS.register_module()
class ClsHead(ClassifierHead):
    """A linear classifier, with hidden layers if wanted.

    The target is ``gt_label``, one class, or ``gt_score``, a share of each
    class, as mixing samples gives it.

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
            ``dropout`` lies outside [0, 1], ``decisions`` is set with another
            width than ``num_classes``, hidden layers or dropout, or the
            loss's class weights are not as many as the classes.
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
        super().__init__(
            num_classes,
            in_channels,
            loss,
            hidden_channels,
            dropout,
            decisions,
            init_cfg,
        )

    def labels(self, data_samples: Samples, rows: Sequence[int]) -> Tensor:
        """The classes, int64 ``[N]``."""
        labels, _ = read_labels(data_samples, rows, self.num_classes)
        for row in rows:
            if len(data_samples[row].gt_label) != 1:
                raise ValueError(
                    f'gt_label must be one class of {self.num_classes}, got '
                    f'{data_samples[row].gt_label.tolist()} '
                    f'{named(data_samples, row)}'
                )
        return labels

    def scores(self, data_samples: Samples, rows: Sequence[int]) -> Tensor:
        """The shares of the classes, float32 ``[N, classes]``."""
        scores = super().scores(data_samples, rows)
        wrong = (scores.sum(1) - 1).abs() > SLACK
        if bool(wrong.any()):
            first = int(wrong.nonzero()[0])
            raise ValueError(
                'gt_score must add up to 1, a share of each class, got '
                f'{scores[first].sum().item():g} '
                f'{named(data_samples, rows[first])}; a MultiLabelHead takes '
                'samples of several classes'
            )
        return scores

    def activate(self, logits: Tensor) -> Tensor:
        """Softmax."""
        return logits.softmax(1)

    def write(self, sample: TriModalDataSample, scores: Tensor) -> None:
        """Write the scores, and the best class."""
        sample.set_pred_score(scores)
