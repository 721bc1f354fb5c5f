"""Tasks that do not pull against each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from trimodal.models.layers.checks import check_not_negative
from trimodal.models.objectives.task_gradients import (
    gradients_of,
    starts_anew,
    write_flat,
)
from trimodal.models.objectives.task_weighting import BaseTaskWeighting
from trimodal.registry import MODELS

OWN = ('heads.', 'objectives.')


@MODELS.register_module()
class PCGrad(BaseTaskWeighting):
    """Takes out of each task's gradient what contradicts another's.

    From `Gradient Surgery for Multi-Task Learning
    <https://arxiv.org/abs/2001.06782>`_: the gradient of each task, in the
    parameters that tasks share, is projected onto the normal plane of each
    other task's gradient that it conflicts with (a negative inner product),
    in random order; the results are added up. Shared is everything but heads
    and objectives: these keep their gradient.

    What comes out is a sum of the tasks' own gradients, each with a
    coefficient that follows from their inner products; it is logged as
    ``weight/<task>``. All this happens in the forward pass: the losses that
    are returned have the values they had, and the backward pass only hands
    over gradients that are there already, so that optimizers, gradient
    clipping, accumulation, mixed precision and ``DistributedDataParallel``
    work as ever. Gradients are those over the samples of all processes and,
    where they are accumulated, of all batches of a step. Losses of the model
    that belong to none of the tasks are added as usual.

    Goes after every other weighting, wherever it stands in the config. Holds
    the shared parameters' gradient of each task in memory.

    Args:
        tasks (Sequence[str]): Names of heads of the model.
        seed (int): Of the random order, which is the same on every process
            and counts the steps in the checkpoint. Defaults to 0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``tasks`` is empty or names one twice, or ``seed`` is
            negative.
    """

    steps: Tensor
    weighs_last = True

    def __init__(
        self,
        tasks: Sequence[str],
        seed: int = 0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(tasks, init_cfg)
        check_not_negative(seed=seed)
        self.seed = seed
        self.register_buffer('steps', torch.zeros((), dtype=torch.int64))
        # In a tuple: the model is no part of this module.
        self._model: tuple[Any, ...] = ()
        # Since the optimizer stepped: the sum of the tasks' gradients, and
        # what was handed over.
        self._begun: tuple[Tensor, Tensor] | None = None

    def attach(self, model: Any) -> None:
        """Remember whose parameters the tasks share.

        Args:
            model (TriModalFusionModel): The model.

        Raises:
            ValueError: If it lacks a task, or has another ``PCGrad`` for it.
        """
        super().attach(model)
        self._model = (model,)

    def weigh(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        """In training, give the tasks' losses the projected gradients.

        Args:
            losses (dict[str, Tensor]): All losses of the model.

        Returns:
            dict[str, Tensor]: The same keys and values, and
            ``weight/<task>``.

        Raises:
            ValueError: If a task has no loss.
        """
        totals = self.totals(losses)
        if not (self.training and torch.is_grad_enabled()):
            return losses
        shared, own = self._learned()
        if starts_anew(shared):
            self._begun = None
            self.steps = self.steps + 1
        flat, reached, sums = _gather(totals, shared, own)
        all_reduce(flat, op='mean')
        combined, weights = self._combine(flat)
        parts = combined.split([p.numel() for p in shared])
        gradients = {
            p: part.view_as(p).to(p.dtype)
            for p, part, hit in zip(shared, parts, reached, strict=True)
            if hit
        } | sums
        keys = [k for found in self.keys(losses).values() for k in found]
        values = {key: losses[key].detach() for key in keys}
        if gradients:
            handed = _HandOver.apply(list(gradients.values()), *gradients)
            values[keys[0]] = values[keys[0]] + handed
        return losses | values | self.logged(losses, weights)

    def _learned(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """What learns: of all tasks, and of heads and objectives."""
        (model,) = self._model
        learns = [x for x in model.named_parameters() if x[1].requires_grad]
        return (
            [p for name, p in learns if not name.startswith(OWN)],
            [p for name, p in learns if name.startswith(OWN)],
        )

    def _combine(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """The shared gradient of this batch, and the coefficients.

        Where gradients are accumulated it is what the sum so far gives less
        what was handed over, so that they add up to that of the whole step.
        """
        if self._begun is not None:
            flat = flat + self._begun[0]
        # One transfer for both.
        products = (flat @ flat.T).double().flatten()
        *gram, step = torch.cat([products, self.steps.view(1)]).tolist()
        size = len(self.tasks)
        coefficients = projected(
            np.array(gram).reshape(size, size),
            np.random.default_rng((self.seed, int(step))),
        )
        weights = flat.new_tensor(coefficients)
        combined = weights @ flat
        handed = combined - self._begun[1] if self._begun else combined
        self._begun = (flat, combined)
        return handed, weights


def projected(gram: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How much of each task's gradient is in the sum of the projected ones.

    Args:
        gram (np.ndarray): float ``[N, N]``, the gradients' inner products.
        rng (np.random.Generator): Draws the order in which each task's
            gradient is projected.

    Returns:
        np.ndarray: float64 ``[N]``.

    Examples:
        >>> g = np.array([[1.0, 0.0], [-1.0, 1.0]])
        >>> projected(g @ g.T, np.random.default_rng(0))
        array([2. , 1.5])
    """
    total = np.zeros(len(gram))
    for task in range(len(gram)):
        own = np.zeros(len(gram))
        own[task] = 1
        for other in rng.permutation(len(gram)):
            inner = own @ gram[other]
            if other != task and inner < 0:
                own[other] -= inner / gram[other, other]
        total += own
    return total


def _gather(
    totals: Sequence[Tensor],
    shared: Sequence[nn.Parameter],
    own: Sequence[nn.Parameter],
) -> tuple[Tensor, list[bool], dict[nn.Parameter, Tensor]]:
    """Every task's gradients.

    Returns:
        tuple[Tensor, list[bool], dict[nn.Parameter, Tensor]]: float32
        ``[tasks, P]`` of the shared parameters; which of them some task
        depends on; the sum of the gradients of each of the others.
    """
    size = sum(parameter.numel() for parameter in shared)
    flat = totals[0].new_zeros(len(totals), size)
    reached = [False] * len(shared)
    sums: dict[nn.Parameter, Tensor] = {}
    for row, total in zip(flat, totals, strict=True):
        found = gradients_of(total, [*shared, *own])
        mine = found[: len(shared)]
        write_flat(row, shared, mine)
        reached = [
            hit or gradient is not None
            for hit, gradient in zip(reached, mine, strict=True)
        ]
        for parameter, gradient in zip(own, found[len(shared) :], strict=True):
            if gradient is not None:
                so_far = sums.get(parameter)
                sums[parameter] = (
                    gradient if so_far is None else so_far + gradient
                )
    return flat, reached, sums


class _HandOver(torch.autograd.Function):
    """A zero whose gradients are those given, times the gradient of it."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, gradients: list[Tensor], *parameters: nn.Parameter
    ) -> Tensor:
        ctx.gradients = gradients
        return parameters[0].new_zeros(())

    @staticmethod
    def backward(  # type: ignore[override]
        ctx: Any, scale: Tensor
    ) -> tuple[Tensor | None, ...]:
        return None, *torch._foreach_mul(ctx.gradients, scale)
