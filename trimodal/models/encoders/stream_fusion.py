"""Several streams of one modality, each with an encoder of its own.

Shape letters: see :mod:`trimodal.structures.streams`; S streams.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers import init_transformer
from trimodal.models.layers.checks import check_choice, check_positive
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens

MODES = ('mean', 'concat', 'attention')


@MODELS.register_module()
class StreamFusionEncoder(BaseEncoder):
    """One encoder for each of the joint, bone and motion streams.

    From `Two-Stream Adaptive Graph Convolutional Networks
    <https://arxiv.org/abs/1805.07694>`_ (two streams) and `their four-stream
    successor <https://arxiv.org/abs/1912.06971>`_. There the answers of the
    streams are averaged; here their sequences are merged step by step. With
    ``'mean'`` and a linear head both come to the same, as the head is shared.

    Args:
        encoder (Mapping): Config of an encoder that takes one stream; each
            stream gets one, with weights of its own.
        num_streams (int): S; the channels of the input are as many equal
            parts, one stream behind the other, as
            :class:`~trimodal.models.GesturePreprocessor` gives them. Defaults
            to 3.
        fusion (str): ``'mean'`` over the streams; ``'attention'``, a mean
            weighted by a learned score of each step; or ``'concat'``, a
            linear layer over the streams side by side. Defaults to
            ``'mean'``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``encoder`` is no encoder, ``num_streams`` is not
            positive, or ``fusion`` none of these; when run, if the channels
            do not divide into the streams.
    """

    def __init__(
        self,
        encoder: Mapping[str, Any],
        num_streams: int = 3,
        fusion: str = 'mean',
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        check_positive(num_streams=num_streams)
        check_choice('fusion', fusion, MODES)
        built = [MODELS.build(dict(encoder)) for _ in range(num_streams)]
        if not isinstance(built[0], BaseEncoder):
            raise ValueError(
                'encoder must be the config of an encoder, got '
                f'{encoder.get("type")!r}'
            )
        super().__init__(built[0].out_channels, init_cfg)
        self.encoders = nn.ModuleList(built)
        self.fusion = fusion
        width = self.out_channels
        if fusion == 'concat':
            self.linear = nn.Linear(num_streams * width, width)
        elif fusion == 'attention':
            self.linear = nn.Linear(width, 1, bias=False)
        if fusion != 'mean':
            self.linear.apply(init_transformer)

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode every stream, and merge them.

        Args:
            x (ModalityInput): data float ``[..., C]``, the streams side by
                side, and their mask.

        Returns:
            Tokens: The steps that the encoders give.

        Raises:
            ValueError: If C is not a multiple of the number of streams.
        """
        channels, count = x.data.shape[-1], len(self.encoders)
        if channels % count:
            raise ValueError(
                f'the {channels} channels of the input must divide into '
                f'num_streams={count}'
            )
        parts = x.data.split(channels // count, dim=-1)
        streams = [
            encoder(replace(x, data=part))
            for encoder, part in zip(self.encoders, parts, strict=True)
        ]
        merged = self._merge(torch.stack([s.x for s in streams], dim=2))
        return streams[0].with_x(merged)

    def _merge(self, x: Tensor) -> Tensor:
        """One stream from float ``[B, T, S, C]``."""
        if self.fusion == 'mean':
            return x.mean(2)
        if self.fusion == 'concat':
            return self.linear(x.flatten(2))
        return (self.linear(x).softmax(2) * x).sum(2)
