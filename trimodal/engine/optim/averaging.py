"""Averages of weights, and the statistics that go with them."""

from collections.abc import Iterable
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModel
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from trimodal.models.layers import MaskedBatchNorm


class WeightAverage:
    """The mean of several states of a model.

    What is no float, such as a count, is that of the last one.
    """

    def __init__(self) -> None:
        self.count = 0
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def update(self, state: dict[str, Tensor]) -> None:
        """Take in another state.

        Args:
            state (dict[str, Tensor]): A state dict; stays as it is.

        Raises:
            ValueError: If it has other names or shapes than those before.
        """
        shapes = {name: value.shape for name, value in state.items()}
        before = {name: value.shape for name, value in self.weights.items()}
        differing = {n for n, _ in shapes.items() ^ before.items()}
        if self.count and differing:
            raise ValueError(
                'states must be of one model, but they differ in '
                f'{len(differing)} tensors, such as {min(differing)}'
            )
        self.count += 1
        for name, value in state.items():
            if name not in self.weights:
                self.weights[name] = value.detach().clone()
            elif value.is_floating_point():
                self.weights[name].lerp_(value, 1 / self.count)
            else:
                self.weights[name].copy_(value)


@torch.no_grad()
def recompute_batch_norm(model: BaseModel, batches: Iterable[Any]) -> int:
    """Make the running statistics of batch normalisation anew.

    They become the mean over the batches, in training mode, and the mean over
    all processes. Frozen parts keep theirs.

    Args:
        model (BaseModel): The model; left in training mode.
        batches (Iterable[Any]): Of the train loader, as they come.

    Returns:
        int: How many there were; none are read if there is nothing to do.
    """
    model.train()
    norms = [
        module
        for module in model.modules()
        if isinstance(module, _BatchNorm | MaskedBatchNorm)
        and module.track_running_stats
        and module.training
    ]
    if not norms:
        return 0
    momenta: list[float | None] = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for the mean over batches
    count = 0
    try:
        for batch in batches:
            data = model.data_preprocessor(batch, True)
            model(**data, mode='tensor')
            count += 1
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
    for norm in norms:
        all_reduce(norm.running_mean, 'mean')
        all_reduce(norm.running_var, 'mean')
    return count
