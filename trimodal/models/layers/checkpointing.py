"""Gradient checkpointing: time for memory, layer by layer."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import local
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

# By thread: on a GPU another one goes backwards.
_STATE = local()


def run_layer(layer: nn.Module, *inputs: Any, with_cp: bool) -> Any:
    """Apply a layer, and keep of it only what went in, if so wished.

    What lies between is computed again when the gradients are, with the same
    random numbers and the same precision: `Training Deep Nets with Sublinear
    Memory Cost <https://arxiv.org/abs/1604.06174>`_. Loss and gradients are
    those without it.

    Args:
        layer (nn.Module): The layer; it has parameters.
        *inputs (Any): What it is given.
        with_cp (bool): Whether to do so; without gradients it is not done.

    Returns:
        Any: What the layer gives.
    """
    if not (with_cp and torch.is_grad_enabled()):
        return layer(*inputs)

    def run(anchor: Tensor, *inputs: Any) -> Any:
        return layer(*inputs)

    # Torch keeps the random state of the devices of tensors among the
    # arguments, and looks into no data class: a parameter tells the device.
    anchor = next(layer.parameters())
    return checkpoint(
        run, anchor, *inputs, use_reentrant=False, context_fn=_contexts
    )


def recomputing() -> bool:
    """Whether this is the second time, so that nothing may be counted."""
    return getattr(_STATE, 'recomputing', False)


def _contexts() -> tuple[AbstractContextManager, AbstractContextManager]:
    return nullcontext(), _second_time()


@contextmanager
def _second_time() -> Iterator[None]:
    before = recomputing()
    _STATE.recomputing = True
    try:
        yield
    finally:
        _STATE.recomputing = before
