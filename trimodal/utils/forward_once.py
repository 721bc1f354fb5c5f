"""Running a model on one sample without leaving a trace."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


def first_sample(batch: Any) -> Any:
    """A batch of the loader with its first sample only.

    Args:
        batch (Any): Mappings of lists or tensors, a sample an entry.

    Returns:
        Any: The same form.

    Examples:
        >>> from trimodal.utils.forward_once import first_sample
        >>> first_sample({'inputs': {'a': [1, 2]}, 'data_samples': ['x', 'y']})
        {'inputs': {'a': [1]}, 'data_samples': ['x']}
    """
    if isinstance(batch, Mapping):
        return {key: first_sample(value) for key, value in batch.items()}
    if isinstance(batch, list | tuple | Tensor):
        return batch[:1]
    return batch


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Inside, the model is in evaluation, without gradient.

    Afterwards every module has its mode of before, and torch's random state
    is that of before.

    Args:
        model (nn.Module): The model.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.random.fork_rng(), torch.no_grad():
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def model_arguments(model: nn.Module, batch: Any) -> dict[str, Any]:
    """What the model is called with for a batch of the loader.

    Args:
        model (nn.Module): An mmengine model.
        batch (Any): A batch of the loader.

    Returns:
        dict[str, Any]: Keyword arguments of its forward pass.
    """
    preprocessor: Any = model.data_preprocessor
    data = preprocessor(batch, False)
    return data if isinstance(data, dict) else {'inputs': data}
