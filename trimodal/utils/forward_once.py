"""Running a model on one sample without leaving a trace."""

from collections.abc import Iterator, Mapping, MutableMapping, Set
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


def forward_hooks(model: nn.Module) -> set[int]:
    """What listens to the forward pass of a model now.

    Args:
        model (nn.Module): The model.

    Returns:
        set[int]: torch's numbers of the hooks of all its modules; each number
        is given once.
    """
    return {number for hooks in _hooks(model) for number in hooks}


@contextmanager
def only_hooks(model: nn.Module, kept: Set[int]) -> Iterator[None]:
    """Inside, no other forward hooks of a model are called.

    Args:
        model (nn.Module): The model.
        kept (Set[int]): Numbers from :func:`forward_hooks`.
    """
    before = [(hooks, dict(hooks)) for hooks in _hooks(model)]
    for hooks, found in before:
        for number in found.keys() - kept:
            del hooks[number]
    try:
        yield
    finally:
        for hooks, found in before:
            hooks.clear()
            hooks.update(found)


def _hooks(model: nn.Module) -> Iterator[MutableMapping[int, Any]]:
    for module in model.modules():
        yield module._forward_pre_hooks
        yield module._forward_hooks


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
