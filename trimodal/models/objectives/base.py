"""What every objective is."""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from trimodal.structures import Fused, Tokens, TriModalDataSample

Samples = Sequence[TriModalDataSample]


class BaseObjective(BaseModule, metaclass=ABCMeta):
    """Something training asks for beside the heads' losses.

    It sees the streams as the fusion got them and what was fused, and is not
    asked in evaluation.

    Args:
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Attributes:
        weighs_last (bool): Whether ``weigh`` is asked after those of all
            other objectives.
    """

    weighs_last = False

    @abstractmethod
    def loss(
        self,
        streams: Mapping[str, Tokens],
        fused: Fused,
        data_samples: Samples,
    ) -> dict[str, Tensor]:
        """What is to be optimised.

        Args:
            streams (Mapping[str, Tokens]): What the fusion was given.
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample.

        Returns:
            dict[str, Tensor]: Scalars with ``loss`` in their names, and,
            without it, statistics.
        """

    def attach(self, model: Any) -> None:
        """Learn of the model this is a part of, once it is built.

        Args:
            model (TriModalFusionModel): The model.
        """

    def weigh(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        """Have a say in how much each loss of the whole model counts.

        Args:
            losses (dict[str, Tensor]): All losses and statistics, named
                ``<task>.<loss>``, ``<objective>.<loss>`` and so on.

        Returns:
            dict[str, Tensor]: The same keys, and statistics or losses of its
            own; unless overridden, ``losses``.
        """
        return losses
