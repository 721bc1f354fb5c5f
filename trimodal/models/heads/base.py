"""What every head is."""

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from trimodal.structures import Fused, TriModalDataSample

Samples = Sequence[TriModalDataSample]


class BaseHead(BaseModule, metaclass=ABCMeta):
    """From what was fused to the answers of one task.

    ::

        loss(fused, data_samples) ───> self(fused) ──> losses
        predict(fused, data_samples) > self(fused) ──> data samples

    Args:
        in_channels (int): Channels of what was fused.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.
    """

    def __init__(
        self, in_channels: int, init_cfg: dict | list[dict] | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels

    @abstractmethod
    def forward(self, fused: Fused) -> Any:
        """The raw outputs of the network."""

    @abstractmethod
    def loss(self, fused: Fused, data_samples: Samples) -> dict[str, Tensor]:
        """What is to be optimised.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): Those that lack this
                task's annotation are left out.

        Returns:
            dict[str, Tensor]: Scalars with ``loss`` in their names, and,
            without it, statistics.
        """

    @abstractmethod
    def predict(
        self, fused: Fused, data_samples: Samples
    ) -> list[TriModalDataSample]:
        """Write this task's predictions.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample; stay as
                they are.

        Returns:
            list[TriModalDataSample]: Copies with the predictions added.
        """
