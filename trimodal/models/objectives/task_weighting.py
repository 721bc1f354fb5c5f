"""What the weightings of several tasks share."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor

from trimodal.models.objectives.base import BaseObjective, Samples
from trimodal.structures import Fused, Tokens


class BaseTaskWeighting(BaseObjective):
    """Says how much each task of a model counts.

    A task's loss is the sum of all losses of its head. A task that no sample
    of any process is annotated for has a loss of exactly 0, and is left out.

    Args:
        tasks (Sequence[str]): Names of heads of the model.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``tasks`` is empty or names one twice.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.tasks = tuple(tasks)
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise ValueError(
                'tasks must be names of heads, at least one and each once, '
                f'got {self.tasks}'
            )

    def attach(self, model: Any) -> None:
        """Find out whether the model has these tasks.

        Args:
            model (TriModalFusionModel): The model.

        Raises:
            ValueError: If it has not, or another weighting has one of them.
        """
        unknown = [task for task in self.tasks if task not in model.heads]
        if unknown:
            raise ValueError(
                f'tasks must be heads of the model, {sorted(model.heads)}, '
                f'got {unknown}'
            )
        for other in model.objectives.values():
            if other is self or not isinstance(other, BaseTaskWeighting):
                continue
            both = sorted({*self.tasks} & {*other.tasks})
            if both and other.weighs_last == self.weighs_last:
                raise ValueError(
                    f'tasks {both} are weighted by {type(self).__name__} and '
                    f'{type(other).__name__}; leave them to one of them (only '
                    'PCGrad goes with another)'
                )

    def loss(
        self,
        streams: Mapping[str, Tokens],
        fused: Fused,
        data_samples: Samples,
    ) -> dict[str, Tensor]:
        """Nothing: all that a weighting does is weigh.

        Args:
            streams (Mapping[str, Tokens]): Change nothing.
            fused (Fused): Changes nothing.
            data_samples (Sequence[TriModalDataSample]): Change nothing.

        Returns:
            dict[str, Tensor]: Empty.
        """
        return {}

    def keys(self, losses: Mapping[str, Tensor]) -> dict[str, list[str]]:
        """The names of each task's losses.

        Raises:
            ValueError: If a task has none.
        """
        keys = {
            task: [
                key
                for key in losses
                if key.startswith(f'{task}.')
                and 'loss' in key.removeprefix(task)
            ]
            for task in self.tasks
        }
        silent = [task for task, found in keys.items() if not found]
        if silent:
            raise ValueError(
                f'tasks must be heads that have a loss, got {silent}; the '
                f'losses are {sorted(losses)}'
            )
        return keys

    def totals(self, losses: Mapping[str, Tensor]) -> list[Tensor]:
        """The loss of each task, float32 scalars in the order of ``tasks``."""
        return [
            torch.stack([losses[key].float() for key in keys]).sum()
            for keys in self.keys(losses).values()
        ]

    def scaled(
        self, losses: dict[str, Tensor], weights: Tensor
    ) -> dict[str, Tensor]:
        """Multiply the losses of each task by its weight, and log that.

        Args:
            losses (dict[str, Tensor]): All losses of the model.
            weights (Tensor): float ``[tasks]``.

        Returns:
            dict[str, Tensor]: The same keys, and ``weight/<task>``.
        """
        result = losses | self.logged(losses, weights)
        for keys, weight in zip(
            self.keys(losses).values(), weights, strict=True
        ):
            for key in keys:
                result[key] = losses[key] * weight
        return result

    def logged(
        self, losses: Mapping[str, Tensor], weights: Tensor
    ) -> dict[str, Tensor]:
        """What the tasks' losses have been multiplied by, all in all.

        Args:
            losses (Mapping[str, Tensor]): All losses of the model.
            weights (Tensor): float ``[tasks]``.

        Returns:
            dict[str, Tensor]: ``weight/<task>``.
        """
        return {
            f'weight/{task}': losses.get(f'weight/{task}', 1) * weight
            for task, weight in zip(self.tasks, weights.detach(), strict=True)
        }


def mean_over_processes(totals: Sequence[Tensor]) -> Tensor:
    """The tasks' losses over the samples of all processes, float ``[N]``."""
    means = torch.stack([total.detach() for total in totals])
    all_reduce(means, op='mean')
    return means
