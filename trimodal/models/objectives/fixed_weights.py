"""Tasks that count as much as one says."""

from collections.abc import Mapping

import torch
from torch import Tensor

from trimodal.models.layers.checks import check_not_negative
from trimodal.models.objectives.task_weighting import BaseTaskWeighting
from trimodal.registry import MODELS


@MODELS.register_module()
class FixedWeights(BaseTaskWeighting):
    """Each task's losses times a number.

    Args:
        weights (Mapping[str, float]): Factor of each task's loss, by the name
            of its head. Tasks that are not named count as they are.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If there is no weight, or one is negative.
    """

    weights: Tensor

    def __init__(
        self,
        weights: Mapping[str, float],
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(tuple(weights), init_cfg)
        for task, weight in weights.items():
            check_not_negative(**{f'weights[{task!r}]': weight})
        values = torch.tensor(list(weights.values()), dtype=torch.float32)
        # What the config says goes, also where training goes on.
        self.register_buffer('weights', values, persistent=False)

    def weigh(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weigh the losses of the tasks.

        Args:
            losses (dict[str, Tensor]): All losses of the model.

        Returns:
            dict[str, Tensor]: The same keys, and ``weight/<task>``.

        Raises:
            ValueError: If a task has no loss.
        """
        return self.scaled(losses, self.weights)
