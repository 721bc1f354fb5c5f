"""Regression: one number a sample, or several."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.heads.base import BaseHead, Samples
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.models.layers.perceptron import perceptron
from trimodal.models.layers.standardiser import (
    Numbers,
    Standardiser,
    per_output,
)
from trimodal.registry import MODELS
from trimodal.structures import Fused, TriModalDataSample
from trimodal.utils import build


@MODELS.register_module()
class RegHead(BaseHead):
    """A linear layer, with hidden ones if wanted, to standardised targets.

    Training compares its outputs with the targets less their mean, by their
    standard deviation; predictions are in the targets' own unit again. Where
    ``mean`` or ``std`` is ``'auto'``, ``TargetStatisticsHook`` measures it on
    the training set before training begins. Both are kept in the checkpoint.

    Args:
        in_channels (int): Channels of what was fused.
        num_outputs (int): Values a sample. Defaults to 1.
        hidden_channels (Sequence[int]): Widths of hidden layers, each
            followed by GELU and dropout. Defaults to ().
        dropout (float): Dropout before each linear layer. Defaults to 0.0.
        mean (float | Sequence[float] | str): Of the targets, for all outputs
            or each; 0 leaves them where they are. Defaults to ``'auto'``.
        std (float | Sequence[float] | str): Their standard deviation; 1
            leaves their unit. Defaults to ``'auto'``.
        low (float | Sequence[float] | None): No prediction is below it.
            Defaults to None: no limit.
        high (float | Sequence[float] | None): No prediction is above it.
            Defaults to None: no limit.
        loss (Mapping | nn.Module): The loss or its config; called with
            outputs and targets ``[N, D]``, NaN where there is no target.
            Defaults to ``MSELoss``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number of outputs or channels or ``std`` is not
            positive, ``dropout`` lies outside [0, 1], ``mean``, ``std``,
            ``low`` or ``high`` are neither one number nor ``num_outputs``, or
            ``low`` is not below ``high``.
    """

    low: Tensor | None
    high: Tensor | None

    def __init__(
        self,
        in_channels: int,
        num_outputs: int = 1,
        hidden_channels: Sequence[int] = (),
        dropout: float = 0.0,
        mean: Numbers | str = 'auto',
        std: Numbers | str = 'auto',
        low: Numbers | None = None,
        high: Numbers | None = None,
        loss: Mapping | nn.Module = {'type': 'MSELoss'},  # noqa: B006
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(in_channels, init_cfg)
        check_positive(num_outputs=num_outputs, in_channels=in_channels)
        check_probability(dropout=dropout)
        self.num_outputs = num_outputs
        self.layers = perceptron(
            (in_channels, *hidden_channels, num_outputs), dropout
        )
        self.targets = Standardiser(num_outputs, mean, std)
        self._set_limits(low, high)
        self.loss_module = build(loss, MODELS)

    def _set_limits(self, low: Numbers | None, high: Numbers | None) -> None:
        limits = {
            name: None
            if limit is None
            else per_output(name, limit, self.num_outputs)
            for name, limit in (('low', low), ('high', high))
        }
        for name, limit in limits.items():
            self.register_buffer(name, limit, persistent=False)
        if (
            self.low is not None
            and self.high is not None
            and not (self.low < self.high).all()
        ):
            raise ValueError(f'low must be below high, got {low} and {high}')

    def forward(self, fused: Fused) -> Tensor:
        """Standardised outputs, float ``[B, D]``."""
        return self.layers(fused.pooled)

    def loss(self, fused: Fused, data_samples: Samples) -> dict[str, Tensor]:
        """Compute ``loss_reg`` over the samples with a ``gt_value``.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample; a NaN
                in ``gt_value`` is an output that is not annotated.

        Returns:
            dict[str, Tensor]: ``loss_reg``.

        Raises:
            ValueError: If a target has another number of values, or mean and
                deviation are not known.
        """
        outputs = self(fused)
        rows = [row for row, s in enumerate(data_samples) if 'gt_value' in s]
        values = [self._target(data_samples[row], row) for row in rows]
        target = outputs.new_zeros(0, self.num_outputs, dtype=torch.float32)
        if values:
            target = self.targets(torch.stack(values).to(outputs.device))
        return {'loss_reg': self.loss_module(outputs[rows], target)}

    def predict(
        self, fused: Fused, data_samples: Samples
    ) -> list[TriModalDataSample]:
        """Add ``pred_value``, in the unit of the targets.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample; stay as
                they are.

        Returns:
            list[TriModalDataSample]: Copies with the predictions.

        Raises:
            ValueError: If mean and deviation of the targets are not known.
        """
        values = self.targets.restore(self(fused).detach().float())
        if self.low is not None or self.high is not None:
            values = values.clamp(self.low, self.high)
        return [
            sample.new().set_pred_value(value)
            for sample, value in zip(data_samples, values.cpu(), strict=True)
        ]

    def _target(self, sample: TriModalDataSample, row: int) -> Tensor:
        value = sample.gt_value
        if len(value) != self.num_outputs:
            raise ValueError(
                f'gt_value must have {self.num_outputs} values (num_outputs), '
                f'got {len(value)} in sample {sample.get("sample_id", row)!r}'
            )
        return value
