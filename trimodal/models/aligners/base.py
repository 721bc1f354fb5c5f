"""What every aligner is."""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence

from mmengine.model import BaseModule
from torch import Tensor

from trimodal.structures import Tokens


class BaseAligner(BaseModule, metaclass=ABCMeta):
    """Brings the streams of several modalities to common ground.

    Args:
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.
    """

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """Align the streams.

        Args:
            tokens (Mapping[str, Tokens]): A stream per modality.

        Returns:
            dict[str, Tokens]: The same keys.
        """

    def loss(self, tokens: Mapping[str, Tokens]) -> dict[str, Tensor]:
        """What alignment itself asks for in training.

        Args:
            tokens (Mapping[str, Tokens]): What :meth:`forward` returned.

        Returns:
            dict[str, Tensor]: Losses, with ``loss`` in their names; none by
            default.
        """
        return {}


def check_names(modalities: Sequence[str]) -> tuple[str, ...]:
    """The modalities that are to be aligned with each other, checked.

    Raises:
        ValueError: If they are fewer than two, or one stands twice.
    """
    names = tuple(modalities)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(
            f'modalities must be at least two, each once, got {names}'
        )
    return names
