"""The cells of a picture's grids: where they stand in its real part.

Shape letters: see :mod:`trimodal.structures.streams`; L levels (grids), N
cells of all of them; ``h, w`` the height and width of a grid in cells.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from trimodal.structures import Tokens


@dataclass(frozen=True)
class GridCells:
    """Where the cells of a batch of pictures are.

    Args:
        grids (tuple[tuple[int, int], ...]): Heights and widths of the padded
            grids.
        mask (Tensor): bool ``[B, N]``, True for real cells.
        shares (Tensor): float32 ``[B, L, 2]``: which share of a padded grid's
            width and height is real.
        boxes (Tensor): float32 ``[B, N, 4]``: centre and size of each cell,
            relative to the real part of its picture.
    """

    grids: tuple[tuple[int, int], ...]
    mask: Tensor
    shares: Tensor
    boxes: Tensor

    def split(self, x: Tensor) -> list[Tensor]:
        """The grids ``[B, C, h, w]`` of cells ``[B, N, C]``."""
        counts = [height * width for height, width in self.grids]
        return [
            level.transpose(1, 2).unflatten(2, grid)
            for level, grid in zip(x.split(counts, 1), self.grids, strict=True)
        ]


def cells_of(tokens: Tokens, num_levels: int) -> tuple[Tensor, GridCells]:
    """The cells among the tokens of a picture stream.

    Args:
        tokens (Tokens): The stream.
        num_levels (int): How many grids it must have.

    Returns:
        tuple[Tensor, GridCells]: Features of the cells, float ``[B, N, C]``,
        zero where not real, and where they are.

    Raises:
        ValueError: If the stream has another number of grids.
    """
    if len(tokens.grids) != num_levels:
        raise ValueError(
            f'the stream must have num_levels={num_levels} grids of cells, '
            f'got {len(tokens.grids)}: {tokens.grids}; an encoder of '
            'pictures gives one, a pyramid one for each of its levels'
        )
    count = sum(height * width for height, width in tokens.grids)
    x, mask = tokens.x[:, -count:], tokens.mask[:, -count:]
    counts = [height * width for height, width in tokens.grids]
    real = [
        level.unflatten(1, grid)
        for level, grid in zip(
            mask.split(counts, 1), tokens.grids, strict=True
        )
    ]
    sizes = torch.stack(
        [torch.stack([g.any(1).sum(1), g.any(2).sum(1)], dim=1) for g in real],
        dim=1,
    ).clamp(min=1)
    boxes = [
        _cell_boxes(size, *grid)
        for size, grid in zip(sizes.unbind(1), tokens.grids, strict=True)
    ]
    shares = [
        # Divided by numbers, not by a tensor: it would have to be copied
        # to the device.
        torch.stack([size[:, 0] / width, size[:, 1] / height], dim=1)
        for size, (height, width) in zip(
            sizes.unbind(1), tokens.grids, strict=True
        )
    ]
    return x, GridCells(
        tokens.grids, mask, torch.stack(shares, 1), torch.cat(boxes, 1)
    )


def _cell_boxes(sizes: Tensor, height: int, width: int) -> Tensor:
    """Centred boxes float ``[B, h * w, 4]`` of a grid's cells."""
    device = sizes.device
    rows = (torch.arange(height, device=device) + 0.5).repeat_interleave(width)
    columns = (torch.arange(width, device=device) + 0.5).repeat(height)
    units = sizes.float().reciprocal().unsqueeze(1)
    centres = torch.stack([columns, rows], dim=1) * units
    return torch.cat([centres, units.expand_as(centres)], dim=2)
