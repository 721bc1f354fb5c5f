"""What is logged of a step is the mean over all processes."""

from typing import Any

import torch
from mmengine.dist import all_gather_object, all_reduce, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from trimodal.registry import HOOKS


@HOOKS.register_module()
class SyncLogVarsHook(Hook):
    """Averages a step's losses and statistics over the processes.

    mmengine logs those of the first process alone. After this hook all hooks
    see the mean: whatever decides by a loss decides alike everywhere, and a
    resumed run, whose processes all read the first one's history, goes on
    with the same curves. A term that only some processes have is the mean of
    those. It costs one exchange of a few numbers per iteration, and nothing
    where there is one process.
    """

    # Before RuntimeInfoHook and all others.
    priority = 'HIGHEST'

    def __init__(self) -> None:
        self._names: list[str] = []

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Put the means in the place of this process's values."""
        if get_world_size() == 1 or outputs is None:
            return
        # All hooks get this one dictionary: there is no other way to them.
        outputs.update(self._means(_scalars(outputs)))

    def _means(self, values: dict[str, Tensor]) -> dict[str, Tensor]:
        totals = self._totals(values)
        if totals[-1] > 0:  # a name that not all know: agree, once
            known = all_gather_object([*self._names, *values])
            self._names = sorted({name for names in known for name in names})
            totals = self._totals(values)
        count = len(self._names)
        sums, numbers = totals[:count], totals[count : 2 * count]
        means = (sums / numbers.clamp(min=1)).float()
        return {name: means[self._names.index(name)] for name in values}

    def _totals(self, values: dict[str, Tensor]) -> Tensor:
        """Sums, how many processes have each, and how many names are new."""
        device = next((v.device for v in values.values()), None)
        zero = torch.zeros((), dtype=torch.float64, device=device)
        sums = [values.get(name, zero).double() for name in self._names]
        there = [float(name in values) for name in self._names]
        new = len(values.keys() - set(self._names))
        numbers = torch.tensor([*there, new], device=device)
        totals = torch.cat([torch.stack([*sums, zero])[:-1], numbers.double()])
        all_reduce(totals)
        return totals


def _scalars(outputs: dict[str, Any]) -> dict[str, Tensor]:
    return {
        name: value.detach().reshape(())
        for name, value in outputs.items()
        if isinstance(value, Tensor) and value.numel() == 1
    }
