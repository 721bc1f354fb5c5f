"""Weights of classes, given or measured on the training set.

Shape letters: C classes here.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_choice, check_positive

BALANCED = 'balanced'


class ClassWeight(nn.Module):
    """A weight for each class, for losses.

    ``'balanced'`` gives each class ``samples / (classes * samples of it)``,
    as scikit-learn's ``compute_class_weight`` does: all classes together
    weigh the same. ``ClassCountsHook``, which is among the default hooks,
    counts the training set before training begins; the result is kept in the
    checkpoint. A class without any sample weighs nothing.

    Args:
        given (Sequence[float] | str | None): Weights, ``'balanced'``, or None
            for all alike.

    Raises:
        ValueError: If a weight is not positive, or ``given`` another word.
    """

    value: Tensor | None

    def __init__(self, given: Sequence[float] | str | None) -> None:
        super().__init__()
        value = None
        self.balanced = isinstance(given, str)
        self._checked = not self.balanced
        if isinstance(given, str):
            check_choice('class_weight', given, (BALANCED,))
            value = torch.empty(0)
        elif given is not None:
            check_positive(class_weight=min(given, default=0))
            value = torch.tensor(given, dtype=torch.float32)
        self.register_buffer('value', value, persistent=self.balanced)

    def resize(self, num_classes: int) -> None:
        """Tell how many classes there are.

        Raises:
            ValueError: If as many weights were not given.
        """
        if self.value is None:
            return
        if self.balanced:
            # Of its final size from the start: whatever copies or loads the
            # model's buffers before training fits.
            self.value = self.value.new_full((num_classes,), torch.nan)
        elif len(self.value) != num_classes:
            raise ValueError(
                f'class_weight must have a weight for each of {num_classes} '
                f'classes, got {len(self.value)}'
            )

    @torch.no_grad()
    def measure(self, counts: Tensor) -> None:
        """Balance the classes.

        Args:
            counts (Tensor): ``[C]``, how many samples each class has.

        Raises:
            ValueError: If there are more classes than weights.
        """
        assert self.value is not None
        if len(self.value) == 0:
            self.resize(len(counts))
        if len(counts) > len(self.value):
            raise ValueError(
                f"class_weight='balanced' is for {len(self.value)} classes, "
                f'but labels of the training set go up to {len(counts) - 1}'
            )
        counts = counts.to(self.value)
        there = (counts > 0).sum()
        weights = counts.sum() / (there * counts.clamp(min=1))
        self.value.zero_()
        self.value[: len(counts)] = weights * (counts > 0)

    def forward(self) -> Tensor | None:
        """The weights, float32 ``[C]``, or None for all alike.

        Raises:
            ValueError: If they are to be measured, and were not.
        """
        if not self._checked:
            assert self.value is not None
            if not len(self.value) or bool(self.value.isnan().any()):
                raise ValueError(
                    "class_weight='balanced' needs the classes of the "
                    "training set: add dict(type='ClassCountsHook') to "
                    'custom_hooks, load a checkpoint that has them, or give '
                    'a weight for each class'
                )
            self._checked = True
        return self.value


def set_classes(loss: Any, num_classes: int) -> None:
    """Tell all class weights in a loss how many classes there are.

    They are the modules that have a ``resize``.

    Args:
        loss (Any): The loss, of whatever kind.
        num_classes (int): Classes.

    Raises:
        ValueError: If another number of weights was given.
    """
    for module in loss.modules() if isinstance(loss, nn.Module) else ():
        if callable(resize := getattr(module, 'resize', None)):
            resize(num_classes)
