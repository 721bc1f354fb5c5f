"""Which steps a head reads, of what was fused.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from torch import Tensor

from trimodal.models.layers import connect_tensors
from trimodal.models.layers.checks import check_positive
from trimodal.structures import Fused


class StepSource:
    """The fused steps, or those of one stream.

    Args:
        in_channels (int): Channels of what was fused.
        stream (str | None): The stream. Defaults to None, all that was fused.
        stream_channels (int | None): Channels of that stream. Defaults to
            None, ``in_channels``.

    Raises:
        ValueError: If ``stream_channels`` comes without ``stream``, or a
            width is not positive.
    """

    def __init__(
        self,
        in_channels: int,
        stream: str | None = None,
        stream_channels: int | None = None,
    ) -> None:
        if stream is None and stream_channels is not None:
            raise ValueError(
                f'stream_channels={stream_channels} needs stream, the name '
                'of a modality, got None'
            )
        width = in_channels if stream_channels is None else stream_channels
        check_positive(in_channels=in_channels, stream_channels=width)
        self.stream = stream
        self.width = width

    def __call__(self, fused: Fused) -> tuple[Tensor, Tensor]:
        """Take them out of what was fused.

        Args:
            fused (Fused): What was fused, with its streams.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, T, C]``, and bool ``[B, T]``,
            True for real steps.

        Raises:
            ValueError: If ``stream`` is none of what was fused.
        """
        x, mask = fused.tokens, fused.mask
        if self.stream is not None:
            tokens = fused.stream(self.stream)
            x, mask = tokens.x, tokens.mask
        # All of the fusion stays in the graph, whatever is read.
        return connect_tensors(x, fused.pooled, fused.tokens), mask
