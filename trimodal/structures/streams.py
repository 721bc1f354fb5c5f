"""What passes between the stages of a model.

Shape letters, here and in every model file:
    B batch, T steps of a sequence, C channels, M modalities, H hands,
    V joints (vertices), N samples of a waveform.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor


@dataclass(frozen=True)
class ModalityInput:
    """A batch of one modality, padded to its longest sample.

    Args:
        data (Tensor): float32 ``[B, ...]``; what is masked out is zero.
        mask (Tensor): bool, the leading dimensions of ``data`` or part of
            them after ``B``: True where there is real data. Speech ``[B,
            T]``, gesture ``[B, T, H]`` (a hand seen in a frame), image
            ``[B, height, width]``.
    """

    data: Tensor
    mask: Tensor

    @property
    def present(self) -> Tensor:
        """Bool ``[B]``: whether a sample has anything of this modality."""
        return self.mask.flatten(1).any(dim=1)

    def keep(self, kept: Tensor) -> 'ModalityInput':
        """Make the samples where ``kept`` (bool ``[B]``) is False absent."""

        def spread(like: Tensor) -> Tensor:
            return kept.view(-1, *[1] * (like.dim() - 1))

        return ModalityInput(
            self.data.masked_fill(~spread(self.data), 0),
            self.mask & spread(self.mask),
        )


@dataclass(frozen=True)
class Tokens:
    """One modality's sequence after its encoder.

    Args:
        x (Tensor): float ``[B, T, C]``; zero where ``mask`` is False.
        mask (Tensor): bool ``[B, T]``, True for real steps.
        present (Tensor): bool ``[B]``; False rows have no True in ``mask``.
        grids (tuple[tuple[int, int], ...]): Heights and widths, in cells, of
            the padded grids that the last steps come from, row by row and one
            grid after the other. Defaults to (): a sequence.
    """

    x: Tensor
    mask: Tensor
    present: Tensor
    grids: tuple[tuple[int, int], ...] = ()

    def with_x(self, x: Tensor) -> 'Tokens':
        """The same steps with other features, masked again to zero."""
        # What is masked is finite; a product takes a fifth of the time of
        # masked_fill.
        return replace(self, x=x * self.mask.unsqueeze(-1))


@dataclass(frozen=True)
class Fused:
    """What a fusion hands to the heads.

    Args:
        tokens (Tensor): float ``[B, T, C]``, all streams in one.
        mask (Tensor): bool ``[B, T]``, True for real steps.
        pooled (Tensor): float ``[B, C]``, one vector a sample.
        weights (Tensor): float ``[B, M]`` in the order of the fusion's
            ``modalities``: each modality's share, 0 where absent, a row
            sums to 1 (to 0 where every modality is absent).
        losses (Mapping[str, Tensor]): What the fusion itself asks for in
            training, with ``loss`` in the names, and statistics without.
            Defaults to none.
        streams (Mapping[str, Tokens]): What was fused, by modality, for
            heads that look at one of them too. The model adds them.
            Defaults to none.
    """

    tokens: Tensor
    mask: Tensor
    pooled: Tensor
    weights: Tensor
    losses: Mapping[str, Tensor] = field(default_factory=dict)
    streams: Mapping[str, Tokens] = field(default_factory=dict)

    def stream(self, name: str) -> Tokens:
        """One of the streams that were fused.

        Args:
            name (str): Its modality.

        Returns:
            Tokens: The stream.

        Raises:
            ValueError: If there is none of this name.
        """
        if name not in self.streams:
            raise ValueError(
                f'stream must be one of {sorted(self.streams)}, which were '
                f'fused, got {name!r}'
            )
        return self.streams[name]
