"""Fusion by a transformer over all streams.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

from torch import nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    split_streams,
    stack_present,
    weigh,
)
from trimodal.models.layers import (
    StreamPoolings,
    StreamProjections,
    TransformerEncoder,
    feedforward_width,
    init_transformer,
)
from trimodal.models.layers.checks import check_positive
from trimodal.registry import MODELS
from trimodal.structures import Fused


@MODELS.register_module()
class SelfAttentionFusion(BaseFusion):
    """One sequence of all steps of all modalities, and a transformer over it.

    The one-stream form of `UNITER <https://arxiv.org/abs/1909.11740>`_: each
    stream is projected by a linear layer of its own, whose bias is the
    modality's embedding, and every step then attends to every real step of
    every modality, its own included. Absent modalities have no steps. Each
    stream of the result is pooled, and a softmax over the present modalities,
    of a learned score of each, weighs them: these are the weights. Time and
    memory of attention grow with the square of the summed lengths.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Width of the transformer and of the result.
        num_layers (int): Layers. Defaults to 2.
        num_heads (int): Attention heads. Defaults to 8.
        feedforward_channels (int | None): Width of the feed-forward parts.
            Defaults to None, four times ``out_channels``.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        dropout (float): Dropout in each layer. Defaults to 0.1.
        attention_dropout (float): Dropout of attention weights. Defaults to
            0.0.
        drop_path (float): Stochastic depth of the last layer. Defaults to
            0.0.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``num_layers`` is not positive, ``num_heads`` does not
            divide ``out_channels``, or a probability lies outside [0, 1].
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        num_layers: int = 2,
        num_heads: int = 8,
        feedforward_channels: int | None = None,
        pooling: str = 'mean',
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        inner = feedforward_width(feedforward_channels, out_channels)
        check_positive(num_layers=num_layers)
        self.projections = StreamProjections(self.in_channels, out_channels)
        self.transformer = TransformerEncoder(
            num_layers,
            out_channels,
            num_heads,
            inner,
            dropout,
            attention_dropout,
            drop_path,
            with_cp=with_cp,
        )
        self.poolings = StreamPoolings(self.modalities, pooling, out_channels)
        self.gate = nn.Linear(out_channels, 1, bias=False)
        self.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Join, attend, pool, weigh.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the streams, one after the other.
        """
        x, mask = self.projections.join(streams)
        if bool(mask.all()):
            x = self.transformer(x)
        else:
            x = self.transformer(x, mask).masked_fill(~mask.unsqueeze(2), 0)
        pooled = self.poolings(split_streams(x, streams))
        scores = self.gate(pooled).squeeze(2)
        whole = weigh(pooled, scores, stack_present(streams))
        return Fused(x, mask, *whole)
