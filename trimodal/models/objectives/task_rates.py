"""The arithmetic of GradNorm's weights."""

from typing import NamedTuple

import torch
from torch import Tensor

BETAS, EPS = (0.9, 0.999), 1e-8
LEAST = 0.01


class State(NamedTuple):
    """What GradNorm remembers, each float ``[tasks]``.

    Args:
        weights (Tensor): Of the tasks; they sum to the number of tasks.
        initial (Tensor): The first loss of each task; NaN before it.
        mean (Tensor): Adam's first moment.
        square (Tensor): Adam's second moment.
        steps (Tensor): In how many steps the task was there.
    """

    weights: Tensor
    initial: Tensor
    mean: Tensor
    square: Tensor
    steps: Tensor


def first_state(tasks: int) -> Tensor:
    """The state before the first step, float32 ``[5, tasks]``."""
    state = torch.zeros(len(State._fields), tasks)
    state[0], state[1] = 1, torch.nan
    return state


def updated(
    state: State, losses: Tensor, norms: Tensor, alpha: float, lr: float
) -> State:
    """One step of the weights.

    Args:
        state (State): Before it.
        losses (Tensor): float ``[tasks]``, without weights, not negative; 0
            for a task that nobody is annotated for.
        norms (Tensor): float ``[tasks]``, of the gradients of these losses in
            the shared layer.
        alpha (float): The paper's alpha.
        lr (float): Learning rate of the weights.

    Returns:
        State: After it.
    """
    present = (losses != 0) & losses.isfinite() & norms.isfinite()
    first = present & state.initial.isnan()
    initial = torch.where(first, losses, state.initial)
    gradient = _gradient(
        state.weights, losses / initial, norms, present, alpha
    )
    mean = torch.where(
        present, state.mean.lerp(gradient, 1 - BETAS[0]), state.mean
    )
    square = torch.where(
        present,
        state.square.lerp(gradient.square(), 1 - BETAS[1]),
        state.square,
    )
    steps = state.steps + present
    age = steps.clamp(min=1)
    size = (square / (1 - BETAS[1] ** age)).sqrt() + EPS
    step = lr * mean / (1 - BETAS[0] ** age) / size
    moved = (state.weights - step).clamp(min=LEAST)
    had, have = (torch.where(present, w, 0).sum() for w in (state[0], moved))
    scaled = moved * had / have.clamp(min=LEAST)
    weights = torch.where(present, scaled, state.weights)
    return State(weights, initial, mean, square, steps)


def _gradient(
    weights: Tensor,
    progress: Tensor,
    norms: Tensor,
    present: Tensor,
    alpha: float,
) -> Tensor:
    """Of the paper's L_grad with respect to the weights, float ``[tasks]``."""
    count = present.sum().clamp(min=1)
    norms = torch.where(present, norms, 0)
    progress = torch.where(present, progress, 0)
    tiny = torch.finfo(progress.dtype).tiny
    rate = progress / (progress.sum() / count).clamp(min=tiny)
    sizes = weights * norms
    target = sizes.sum() / count * rate**alpha
    return torch.sign(sizes - target) * norms
