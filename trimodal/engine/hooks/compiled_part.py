"""A part of a model, compiled for training."""

from logging import Logger
from typing import Any

import torch
from torch import nn
from torch._dynamo.exc import TorchDynamoException

from trimodal.utils.tensors import tensors_of

# A batch has another number of samples and of steps every time.
_OPEN_DIMS = 2


class CompiledPart:
    """What a module does when it is called, once it is compiled.

    Number and length of samples (the first two dimensions) may change from
    batch to batch without another compilation. Without gradients, as in
    validation, the module runs as it is: to compile it for that too would
    take as long again. A module that the compiler fails on runs as it is from
    then on, with a warning.

    Args:
        part (nn.Module): The module, on which ``compile`` was called.
        name (str): Its name, for the warning.
        open_sizes (bool): Whether the two sizes may change from the start.
        logger (Logger): For the warning.
    """

    def __init__(
        self, part: nn.Module, name: str, open_sizes: bool, logger: Logger
    ) -> None:
        self.part = part
        self.name = name
        self.open_sizes = open_sizes
        self.logger = logger
        self.compiled: Any = part._compiled_call_impl

    def install(self) -> None:
        """Take the place of the module's own compiled call."""
        self.part._compiled_call_impl = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the module."""
        if not torch.is_grad_enabled():
            return self.part._call_impl(*args, **kwargs)
        if self.open_sizes:
            for tensor in tensors_of((args, kwargs)):
                for dim in range(min(tensor.dim(), _OPEN_DIMS)):
                    torch._dynamo.maybe_mark_dynamic(tensor, dim)
        # The way back is compiled here as well, not in the midst of it.
        with torch._functorch.config.patch(
            force_non_lazy_backward_lowering=True
        ):
            try:
                return self.compiled(*args, **kwargs)
            except TorchDynamoException as error:
                self._give_up(error)
        return self.part._call_impl(*args, **kwargs)

    def _give_up(self, error: TorchDynamoException) -> None:
        self.part._compiled_call_impl = None
        cause = getattr(error, 'inner_exception', error)
        reason = f'{type(cause).__name__}: {cause}'.strip().split('\n')[0]
        self.logger.warning(
            f'compile: {self.name} can not be compiled and runs as it is '
            f'({reason})'
        )
