"""What a training step started from: weights, buffers, random state."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from trimodal.engine.hooks.random_state_hook import capture_random_state
from trimodal.structures.plain import encode_plain


class StepRecord:
    """Keeps what a step changes before the optimizer does.

    Parameters stay as they are until the optimizer steps; the forward pass
    changes only the random state and buffers. So these are copied at each
    step, buffers if they are saved with the model: the others are constants.

    Args:
        model (nn.Module): The model without its wrappers.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._places = saved_buffers(model)
        self._copies: list[Tensor] = []
        self._random: dict[str, Any] = {}

    @property
    def _buffers(self) -> list[Tensor]:
        return [cast(Tensor, m._buffers[key]) for m, key in self._places]

    @torch.no_grad()
    def take(self) -> None:
        """Remember this moment."""
        self._random = capture_random_state()
        buffers = self._buffers
        shapes = [buffer.shape for buffer in buffers]
        if [copy.shape for copy in self._copies] != shapes:
            self._copies = [buffer.clone() for buffer in buffers]
        elif buffers:
            torch._foreach_copy_(self._copies, buffers)

    @torch.no_grad()
    def restore_buffers(self) -> None:
        """Give the buffers the values of that moment."""
        for buffer, copy in zip(self._buffers, self._copies, strict=True):
            buffer.copy_(copy)

    def content(self, batch: Any, losses: Mapping[str, Any]) -> dict[str, Any]:
        """All that the step can be replayed from, as plain data.

        Args:
            batch (Any): As the loader gave it.
            losses (Mapping[str, Any]): The loss terms.

        Returns:
            dict[str, Any]: ``batch``, ``losses``, ``weights`` (parameters and
            buffers by name) and ``random_state``.
        """
        pairs = zip(self._buffers, self._copies, strict=True)
        copies = {id(buffer): copy for buffer, copy in pairs}
        weights: dict[str, Tensor] = dict(self._model.named_parameters())
        for name, buffer in self._model.named_buffers():
            weights[name] = copies.get(id(buffer), buffer)
        return {
            'batch': encode_plain(batch),
            'losses': encode_plain(losses),
            'weights': encode_plain(weights),
            'random_state': self._random,
        }


def saved_buffers(model: nn.Module) -> list[tuple[nn.Module, str]]:
    """Where the buffers are that a checkpoint holds.

    Args:
        model (nn.Module): In a wrapper or not.

    Returns:
        list[tuple[nn.Module, str]]: A module and its name for the buffer.
    """
    return [
        (module, key)
        for module in model.modules()
        for key, buffer in module._buffers.items()
        if buffer is not None and key not in module._non_persistent_buffers_set
    ]
