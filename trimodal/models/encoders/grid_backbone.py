"""A ready network for pictures, cut at its feature levels.

Shape letters: see :mod:`trimodal.structures.streams`; ``n`` pictures that run
together, ``h, w`` pixels or cells.
"""

from collections.abc import Collection, Iterator

import torch
from torch import Tensor, nn

from trimodal.models.encoders.grid_encoder import BatchNorm, GridEncoder

SIZES = ((128, 128), (192, 256))


class GridBackbone(GridEncoder):
    """What encoders around another library's networks share.

    The tokens are the cells of the last level; a
    :class:`~trimodal.models.encoders.FeaturePyramid` takes all of them.

    Args:
        name (str): The network's name, for messages.
        features (nn.Module): From float ``[n, 3, h, w]`` to a grid per level,
            in a sequence or a dict.
        frozen (Collection[str]): Modules of ``features`` that stay as they
            are, running statistics included. Defaults to ().
        norm_eval (bool): Whether all batch norms keep their running
            statistics in training. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If the network takes one picture size only, or a level
            gives no grid or a finer one than the level before.
    """

    def __init__(
        self,
        name: str,
        features: nn.Module,
        frozen: Collection[str] = (),
        norm_eval: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        try:
            layout = probe(features)
        except (AssertionError, RuntimeError) as error:
            raise ValueError(
                'name must be of a network that takes any picture size, got '
                f'{name!r} ({error})'
            ) from error
        super().__init__(layout[-1][0], init_cfg=init_cfg)
        self.channels = tuple(channels for channels, _ in layout)
        self.features = features
        self.norm_eval = norm_eval
        self._channels_last = [last for _, last in layout]
        self._frozen = set(frozen)
        for part in self._frozen_modules():
            part.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> 'GridBackbone':
        """Set the mode; what is frozen stays in evaluation."""
        super().train(mode)
        for part in self._frozen_modules():
            part.eval()
        for part in self.features.modules() if self.norm_eval else ():
            if isinstance(part, BatchNorm):
                part.eval()
        return self

    def _frozen_modules(self) -> Iterator[nn.Module]:
        for name, part in self.features.named_modules():
            if name in self._frozen:
                yield part

    def levels(self, pictures: Tensor) -> list[Tensor]:
        """Run the network.

        Args:
            pictures (Tensor): float ``[n, C, h, w]`` with 3 channels or 1
                (grey).

        Returns:
            list[Tensor]: The grid of each level, float ``[n, C', h', w']``.
        """
        # With the channels last, convolutions take a tenth to a third less
        # time on a CPU, and cells become tokens without a copy.
        pictures = pictures.expand(-1, 3, -1, -1).contiguous(
            memory_format=torch.channels_last
        )
        grids = _grids(self.features(pictures))
        return [
            grid.permute(0, 3, 1, 2) if last else grid
            for grid, last in zip(grids, self._channels_last, strict=True)
        ]

    def extract(self, pictures: Tensor) -> list[Tensor]:
        """The grid of the last level."""
        return self.levels(pictures)[-1:]


def _grids(levels: dict[str, Tensor] | list[Tensor]) -> list[Tensor]:
    return list(levels.values() if isinstance(levels, dict) else levels)


def probe(features: nn.Module) -> list[tuple[int, bool]]:
    """Find out what a network gives.

    Args:
        features (nn.Module): From a picture to a grid per level.

    Returns:
        list[tuple[int, bool]]: The number of channels of each level, and
        whether they come last.

    Raises:
        ValueError: If a level gives no grid of cells, or a finer one than the
            level before.
    """
    training = features.training
    features.eval()
    with torch.no_grad():
        small, large = (
            [
                tuple(grid.shape)
                for grid in _grids(features(torch.zeros(1, 3, *size)))
            ]
            for size in SIZES
        )
    features.train(training)
    layout = [_layout(*pair) for pair in zip(small, large, strict=True)]
    heights = [
        shape[1 if last else 2]
        for shape, (_, last) in zip(large, layout, strict=True)
    ]
    if heights != sorted(heights, reverse=True):
        raise ValueError(
            f'level must go from fine to coarse, got heights of {heights}'
        )
    return layout


def _layout(
    small: tuple[int, ...], large: tuple[int, ...]
) -> tuple[int, bool]:
    # The sides that follow the picture's are those of the grid.
    same = [a == b for a, b in zip(small, large, strict=True)]
    if same == [True, True, False, False]:
        return small[1], False
    if same == [True, False, False, True]:
        return small[3], True
    raise ValueError(
        'level must give a grid of cells that grows with the picture, got '
        f'shapes {small} and {large}'
    )
