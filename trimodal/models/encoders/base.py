"""What every encoder is."""

from abc import ABCMeta, abstractmethod

from mmengine.model import BaseModule

from trimodal.models.layers.depth import layer_depths
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

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Which layer a parameter belongs to, for layer-wise rates.

        Of a part around other encoders, they have the layers, side by side;
        the rest comes after them.

        Args:
            param_name (str): Its name in this encoder.

        Returns:
            tuple[int, int]: The layer, from 0, and how many there are.
        """
        inner = False
        for name, module in self.named_modules():
            if module is self or not isinstance(module, BaseEncoder):
                continue
            inner = True
            if param_name.startswith(f'{name}.'):
                return module.get_layer_depth(param_name[len(name) + 1 :])
        if inner:
            return 0, 1
        depths, count = layer_depths(self)
        return depths[param_name], count
