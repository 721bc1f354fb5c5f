"""What a decoder looks at, of what was fused.

Shape letters: see :mod:`trimodal.structures.streams`; S steps of the memory.
"""

from torch import Tensor, nn

from trimodal.models.heads.step_source import StepSource
from trimodal.models.layers import init_transformer, sinusoidal
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.structures import Fused


class DecoderMemory(nn.Module):
    """The fused tokens or one stream, in the decoder's width, normalised.

    Args:
        in_channels (int): Channels of what was fused.
        embed_dims (int): Channels of the decoder.
        stream (str | None): The stream that is looked at. Defaults to None,
            all that was fused.
        stream_channels (int | None): Channels of that stream. Defaults to
            None, ``in_channels``.
        positions (bool): Whether to tell each step where it stands among the
            real ones, by sines and cosines. Defaults to False.

    Raises:
        ValueError: If a width is not positive, or ``stream_channels`` comes
            without ``stream``.
    """

    def __init__(
        self,
        in_channels: int,
        embed_dims: int,
        stream: str | None = None,
        stream_channels: int | None = None,
        positions: bool = False,
    ) -> None:
        super().__init__()
        self.source = StepSource(in_channels, stream, stream_channels)
        check_positive(embed_dims=embed_dims)
        self.positions = positions
        self.projection = nn.Linear(self.source.width, embed_dims)
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.apply(init_transformer)

    def forward(self, fused: Fused) -> tuple[Tensor, Tensor]:
        """Take it out of what was fused.

        Args:
            fused (Fused): What was fused.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, S, C]``, and bool ``[B, S]``,
            True for real steps.

        Raises:
            ValueError: If ``stream`` is none of what was fused.
        """
        x, mask = self.source(fused)
        x = self.norm(self.projection(x))
        if self.positions:
            # Counted without padding, wherever it stands.
            places = sinusoidal(mask.cumsum(1), x.shape[2])
            x = x + places.to(x.dtype)
        return x, mask
