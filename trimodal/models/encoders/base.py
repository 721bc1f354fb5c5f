"""What every encoder is."""

from abc import ABCMeta, abstractmethod

from mmengine.model import BaseModule

from trimodal.structures import ModalityInput, Tokens


class BaseEncoder(BaseModule, metaclass=ABCMeta):
    """Turns a batch of one modality into a sequence of features.

    A sample gives the same steps alone or padded in a larger batch; an absent
    one gives none; and every parameter is part of the graph even if all are
    absent, so that processes with different batches can share gradients.

    Args:
        out_channels (int): Channels of the tokens.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.
    """

    def __init__(
        self, out_channels: int, init_cfg: dict | list[dict] | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.out_channels = out_channels

    @abstractmethod
    def forward(self, x: ModalityInput) -> Tokens:
        """Encode a batch.

        Args:
            x (ModalityInput): The batch.

        Returns:
            Tokens: x float ``[B, T, out_channels]``.
        """
