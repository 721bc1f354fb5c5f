"""Tasks that count less the more uncertain they are."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive
from trimodal.models.objectives.task_weighting import (
    BaseTaskWeighting,
    mean_over_processes,
)
from trimodal.registry import MODELS


@MODELS.register_module()
class UncertaintyWeights(BaseTaskWeighting):
    """Learns a log variance s for each task.

    From `Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
    Geometry and Semantics <https://arxiv.org/abs/1705.07115>`_. A task with
    loss L contributes

        exp(-s) * factor * L + s,

    whose minimum over s is at s = log(factor * L). The paper's likelihoods
    are L / (2 σ²) + log σ for regression and L / σ² + log σ for
    classification, with s = log σ²: half of the above with a factor of 1 for
    regression and 2 for classification.

    The loss of a head is multiplied in place; ``s`` is added as
    ``log_variance.loss_<task>``. A task that nobody is annotated for in a
    batch adds nothing, and its s gets no gradient.

    Where weight decay is on, s should have none, and Adam moves it by no
    more than the learning rate in a step; in the config of a run::

        optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(
            log_variances=dict(decay_mult=0.0, lr_mult=10.0))))

    Args:
        tasks (Sequence[str]): Names of heads of the model.
        factors (Mapping[str, float] | None): Factor of the losses of some
            tasks. Defaults to None, 1 for all.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``tasks`` is empty or names one twice, or a factor is
            not positive or for another task.
    """

    factors: Tensor

    def __init__(
        self,
        tasks: Sequence[str],
        factors: Mapping[str, float] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(tasks, init_cfg)
        factors = factors or {}
        for task, factor in factors.items():
            check_positive(**{f'factors[{task!r}]': factor})
            if task not in self.tasks:
                raise ValueError(
                    f'factors must be for {self.tasks}, got {task!r}'
                )
        values = torch.tensor([factors.get(task, 1.0) for task in self.tasks])
        self.register_buffer('factors', values, persistent=False)
        self.log_variances = nn.Parameter(torch.zeros(len(self.tasks)))

    def weigh(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weigh the losses of the tasks, and add what keeps s small.

        Args:
            losses (dict[str, Tensor]): All losses of the model.

        Returns:
            dict[str, Tensor]: The same keys, ``log_variance.loss_<task>`` and
            ``weight/<task>``.

        Raises:
            ValueError: If a task has no loss.
        """
        means = mean_over_processes(self.totals(losses))
        # Without a loss, the way down would be to an infinite weight.
        added = self.log_variances * (means != 0)
        weights = (-self.log_variances).exp() * self.factors
        return self.scaled(losses, weights) | {
            f'log_variance.loss_{task}': value
            for task, value in zip(self.tasks, added, strict=True)
        }
