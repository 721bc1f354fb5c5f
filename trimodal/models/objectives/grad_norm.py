"""Tasks whose gradients are of one size where they meet."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from trimodal.models.layers.checks import check_not_negative, check_positive
from trimodal.models.objectives.task_gradients import (
    gradients_of,
    starts_anew,
    write_flat,
)
from trimodal.models.objectives.task_rates import (
    State,
    first_state,
    updated,
)
from trimodal.models.objectives.task_weighting import BaseTaskWeighting
from trimodal.registry import MODELS


@MODELS.register_module()
class GradNorm(BaseTaskWeighting):
    """Moves the weights so that all tasks learn at similar rates.

    From `GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep
    Multitask Networks <https://arxiv.org/abs/1711.02257>`_. With n_i the norm
    of the gradient of loss L_i of task i in a layer that all tasks share,

        G_i = w_i n_i,    r_i = (L_i / L_i(0)) / mean_j (L_j / L_j(0)),

    each step moves the weights against the gradient of
    sum_i |G_i - mean(G) r_i^alpha|, the second term of each being held fixed,
    by a step of Adam of their own. Then they are scaled so that they sum to
    the number of tasks. A weight does not fall below 0.01 in a step.

    Norms and losses are those over the samples of all processes and, where
    gradients are accumulated, of all batches of a step. A task that nobody is
    annotated for keeps its weight, and the others share what they had. The
    weights, and all else that is remembered, are in the checkpoint.

    Args:
        tasks (Sequence[str]): Names of heads of the model.
        alpha (float): How strongly tasks that learn slowly are favoured; 0
            asks for equal norms. Defaults to 1.5.
        lr (float): Learning rate of the weights. Defaults to 0.025.
        layer (str | None): Name of the module (or parameter) of the model
            whose gradients are measured, such as ``'encoders.image.norm'``.
            Every task must depend on it. Defaults to None: the fusion, of
            whose last layer alone a head that reads its tokens may know
            nothing.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``tasks`` is empty or names one twice, ``alpha`` is
            negative or ``lr`` not positive.
    """

    state: Tensor

    def __init__(
        self,
        tasks: Sequence[str],
        alpha: float = 1.5,
        lr: float = 0.025,
        layer: str | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(tasks, init_cfg)
        check_not_negative(alpha=alpha)
        check_positive(lr=lr)
        self.alpha = alpha
        self.lr = lr
        self.layer = layer
        self.register_buffer('state', first_state(len(self.tasks)))
        self._layer: tuple[nn.Parameter, ...] = ()
        # Since the optimizer stepped: the state then, what was measured, in
        # how many batches.
        self._begun: tuple[Tensor, Tensor, int] | None = None

    def attach(self, model: Any) -> None:
        """Find the shared layer.

        Args:
            model (TriModalFusionModel): The model.

        Raises:
            ValueError: If it lacks a task or the layer, or the layer has
                nothing to learn or belongs to one task.
        """
        super().attach(model)
        self._layer = shared_layer(model, self.layer)

    @property
    def weights(self) -> Tensor:
        """Of the tasks, float32 ``[tasks]``."""
        return self.state[0]

    def weigh(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weigh the losses of the tasks; in training, move the weights.

        Args:
            losses (dict[str, Tensor]): All losses of the model.

        Returns:
            dict[str, Tensor]: The same keys, and ``weight/<task>``.

        Raises:
            ValueError: If a task has no loss, or does not depend on the
                layer.
        """
        totals = self.totals(losses)
        if not (self.training and torch.is_grad_enabled()):
            return self.scaled(losses, self.weights)
        measured = self._measure(totals)
        if self._begun is None or starts_anew(self._layer):
            self._begun = (self.state, measured, 1)
        else:
            state, so_far, count = self._begun
            self._begun = (state, so_far + measured, count + 1)
        state, seen, count = self._begun
        losses = self.scaled(losses, state[0])
        mean = seen / count
        self.state = torch.stack(
            updated(
                State(*state),
                mean[:, -1],
                mean[:, :-1].norm(dim=1),
                self.alpha,
                self.lr,
            )
        )
        return losses

    def _measure(self, totals: Sequence[Tensor]) -> Tensor:
        """Each task's gradient and loss, float32 ``[tasks, P + 1]``."""
        size = sum(parameter.numel() for parameter in self._layer)
        measured = totals[0].new_zeros(len(totals), size + 1)
        for task, row, total in zip(self.tasks, measured, totals, strict=True):
            gradients = gradients_of(total, self._layer)
            if all(g is None for g in gradients) and total != 0:
                raise ValueError(
                    f'layer {self.layer or "fusion"!r} must be one '
                    f'that all tasks depend on; {task!r} does not'
                )
            write_flat(row[:-1], self._layer, gradients)
            row[-1] = total.detach()
        all_reduce(measured, op='mean')
        return measured


def shared_layer(model: Any, name: str | None) -> tuple[nn.Parameter, ...]:
    """What a layer of the model learns.

    Args:
        model (TriModalFusionModel): The model.
        name (str | None): Of a module or a parameter; None for the fusion.

    Returns:
        tuple[nn.Parameter, ...]: At least one.

    Raises:
        ValueError: If there is no such layer, or it learns nothing, or it
            belongs to one task.
    """
    start = 'fusion.' if name is None else f'{name}.'
    found = [
        parameter
        for key, parameter in model.named_parameters()
        if f'{key}.'.startswith(start)
        and not key.startswith(('heads.', 'objectives.'))
        and parameter.requires_grad
    ]
    if not found:
        raise ValueError(
            'layer must name a part of the model that learns and that its '
            "tasks share, such as 'fusion' or 'encoders.<modality>', got "
            f'{name!r}' + ('; the fusion learns nothing' if not name else '')
        )
    return tuple(found)
