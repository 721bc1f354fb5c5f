"""Networks over pictures of several sizes, whose cells become tokens.

Shape letters: see :mod:`trimodal.structures.streams`; ``n`` pictures that run
together, ``h, w`` pixels or cells.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers.masking import connect
from trimodal.models.layers.steps import find_real
from trimodal.structures import ModalityInput, Tokens

BatchNorm = nn.modules.batchnorm._BatchNorm
Run = tuple[Tensor, int, int]
Placed = list[tuple[Tensor, Tensor]]


class GridEncoder(BaseEncoder):
    """Runs a network on the real part of each picture.

    Where no batch statistics are taken, each size runs by itself and without
    its padding, so that a sample gives the same result in any company. In
    training with batch normalisation all present pictures run together,
    padded to the largest, as is usual: bring them to one size where that
    matters. Absent pictures never run, so they do not disturb the statistics,
    and a picture that is alone uses the running ones.

    Each of several processes has statistics of its own pictures, unless the
    batch norms are synchronised (mmengine's ``sync_bn='torch'``); then one
    without a picture takes part with none, since the others wait for it.

    Args:
        out_channels (int): Channels of every grid.
        num_grids (int): How many grids ``extract`` gives. Defaults to 1.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.
    """

    def __init__(
        self,
        out_channels: int,
        num_grids: int = 1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(out_channels, init_cfg)
        self.num_grids = num_grids

    @abstractmethod
    def extract(self, pictures: Tensor) -> list[Tensor]:
        """Run the network.

        Args:
            pictures (Tensor): float ``[n, C, h, w]``, of one size.

        Returns:
            list[Tensor]: Grids, each float ``[n, out_channels, h, w]``.
        """

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode pictures.

        Args:
            x (ModalityInput): data float ``[B, C, h, w]``, mask bool
                ``[B, h, w]``, a rectangle in the upper left of each.

        Returns:
            Tokens: The cells, row by row, one grid after the other.
        """
        norms = [
            module
            for module in self.modules()
            if isinstance(module, BatchNorm) and module.training
        ]
        together = bool(norms) and _several(x.present, norms)
        runs = _whole(x) if together else _by_size(x)
        with _paused([] if together else norms):
            parts = [self._run(x, *run) for run in runs]
        rows = [run[0] for run in runs]
        levels = [
            _place(x, rows, [part[level] for part in parts])
            for level in range(self.num_grids)
        ]
        cells = [grid.flatten(1, 2) for grid, _ in levels]
        out = torch.cat(cells, dim=1) if parts else self._nothing(x)
        mask = torch.cat([real.flatten(1) for _, real in levels], dim=1)
        grids = tuple((real.shape[1], real.shape[2]) for _, real in levels)
        return Tokens(out, mask, x.present, grids).with_x(out)

    def _nothing(self, x: ModalityInput) -> Tensor:
        """No picture at all: a masked cell for each grid."""
        shape = (len(x.data), self.num_grids, self.out_channels)
        return connect(x.data.new_zeros(shape), self)

    def _run(
        self, x: ModalityInput, rows: Tensor, height: int, width: int
    ) -> Placed:
        """Cells float ``[n, h, w, C]`` of each grid, and which are real."""
        if len(rows) < len(x.data):
            x = ModalityInput(x.data[rows], x.mask[rows])
        real = x.mask[:, None, :height, :width].float()
        return [
            (
                grid.permute(0, 2, 3, 1),
                F.adaptive_max_pool2d(real, grid.shape[2:]).squeeze(1) > 0,
            )
            for grid in self.extract(x.data[..., :height, :width])
        ]


@torch.compiler.disable
def _several(present: Tensor, norms: Sequence[nn.Module]) -> bool:
    """Whether batch statistics would be taken over more than one picture."""
    count = present.sum()
    synced = any(isinstance(norm, nn.SyncBatchNorm) for norm in norms)
    if synced and dist.is_available() and dist.is_initialized():
        dist.all_reduce(count)
    return bool(count > 1)


def _whole(x: ModalityInput) -> list[Run]:
    """All present pictures at once, even if there are none here."""
    rows = find_real(x.present)
    return [(rows, x.mask.shape[1], x.mask.shape[2])]


def _by_size(x: ModalityInput) -> list[Run]:
    """Which rows run together, and the height and width they run at."""
    sizes = torch.stack([x.mask.any(2).sum(1), x.mask.any(1).sum(1)], dim=1)
    return [
        (find_real((sizes == size).all(1)), *size.tolist())
        for size in sizes[x.present].unique(dim=0)
    ]


def _place(
    x: ModalityInput, rows: Sequence[Tensor], parts: Placed
) -> tuple[Tensor, Tensor]:
    """One padded grid float ``[B, h, w, C]`` of several, and its mask."""
    if len(parts) == 1 and len(rows[0]) == len(x.data):
        return parts[0]
    height, width = (
        max((real.shape[axis] for _, real in parts), default=1)
        for axis in (1, 2)
    )
    mask = x.mask.new_zeros(len(x.data), height, width)
    like = parts[0][0] if parts else x.data
    out = like.new_zeros(*mask.shape, like.shape[-1])
    for index, (cells, real) in zip(rows, parts, strict=True):
        out[index, : real.shape[1], : real.shape[2]] = cells
        mask[index, : real.shape[1], : real.shape[2]] = real
    return out, mask


@contextmanager
def _paused(norms: Sequence[nn.Module]) -> Iterator[None]:
    """Let ``norms`` use their running statistics, and leave them alone."""
    for norm in norms:
        norm.training = False
    try:
        yield
    finally:
        for norm in norms:
            norm.training = True
