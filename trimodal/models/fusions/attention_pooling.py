"""Fusion by learned queries over all streams.

Shape letters: see :mod:`trimodal.structures.streams`; ``Q`` queries.
"""

from collections.abc import Mapping, Sequence

from torch import nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    shares,
    stack_present,
    stream_lengths,
)
from trimodal.models.layers import (
    FeedForward,
    MultiheadAttention,
    StreamProjections,
    feedforward_width,
    init_transformer,
    learned_vectors,
)
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Fused


@MODELS.register_module()
class AttentionPoolingFusion(BaseFusion):
    """Learned queries attend once to all steps of all modalities.

    The pooling by multi-head attention of `Set Transformer
    <https://arxiv.org/abs/1810.00825>`_: each query takes from the joined
    streams what it looks for, then passes a feed-forward part; the result is
    the queries' mean. Absent modalities have no steps; time grows with the
    length, not with its square.

    The weights tell where the queries looked: each modality's share of the
    attention, over all heads and queries.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Width of the attention and of the result.
        num_queries (int): Queries. Defaults to 4.
        num_heads (int): Attention heads. Defaults to 8.
        feedforward_channels (int | None): Width of the feed-forward part.
            Defaults to None, four times ``out_channels``.
        dropout (float): Dropout of the feed-forward part. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number is not positive, or ``num_heads`` does not
            divide ``out_channels``.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        num_queries: int = 4,
        num_heads: int = 8,
        feedforward_channels: int | None = None,
        dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        inner = feedforward_width(feedforward_channels, out_channels)
        check_positive(num_queries=num_queries)
        check_probability(dropout=dropout)
        self.projections = StreamProjections(self.in_channels, out_channels)
        self.norm_steps = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.queries = learned_vectors(num_queries, out_channels)
        self.attention = MultiheadAttention(out_channels, num_heads)
        self.norm1 = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.feedforward = FeedForward(out_channels, inner, dropout)
        self.norm2 = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Join, and let the queries look.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the projected streams, one after the other.
        """
        x, mask = self.projections.join(streams)
        x = self.norm_steps(x)
        real = None
        if not bool(mask.all()):
            real = mask
            x = x * mask.unsqueeze(2)
        queries = self.queries.expand(len(x), -1, -1)
        found, looked = self.attention.with_shares(
            queries, x, stream_lengths(streams), real
        )
        y = queries + found
        y = self.norm2(y + self.feedforward(self.norm1(y)))
        weights = shares(looked, stack_present(streams))
        return Fused(x, mask, y.mean(1), weights)
