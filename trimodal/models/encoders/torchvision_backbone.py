"""Any of torchvision's classifiers, up to a feature level, as an encoder.

Shape letters: see :mod:`trimodal.structures.streams`; ``h, w`` pixels or
cells.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.encoders.torchvision_stages import (
    build_classifier,
    find_stages,
    load_features,
    probe,
)
from trimodal.models.layers.masking import connect
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens

BatchNorm = nn.modules.batchnorm._BatchNorm


@MODELS.register_module()
class TorchvisionBackbone(BaseEncoder):
    """A convolutional (or Swin) network whose cells become tokens.

    Pictures of a batch may differ in size. Where no batch statistics are
    taken, each size runs by itself and without its padding, so that a sample
    gives the same result in any company. In training with batch
    normalisation all present pictures run together, padded to the largest, as
    is usual: bring them to one size where that matters. Absent pictures never
    run, so they do not disturb the statistics, and a picture that is alone
    uses the running ones.

    Args:
        name (str): A classifier of torchvision, such as ``'resnet18'`` or
            ``'efficientnet_b0'``; one that takes any picture size.
        level (int | str): Which features: the index of a stage (see
            ``stages``), or the name of a node of the model's graph. Defaults
            to -1, the last stage.
        weights (str | None): Name of published weights, such as
            ``'DEFAULT'`` or ``'IMAGENET1K_V1'`` (downloaded), or the path of
            a checkpoint of the same architecture. Defaults to None, random.
        frozen_stages (int): How many leading stages are left as they are,
            running statistics included. Defaults to 0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``name``, ``level`` or ``weights`` is unknown, a
            checkpoint does not fit, or ``frozen_stages`` is not a number of
            stages.

    Examples:
        >>> backbone = TorchvisionBackbone('resnet18', level='layer2')
        >>> backbone.stages
        ('maxpool', 'layer1', 'layer2', 'layer3', 'layer4')
        >>> backbone.out_channels
        128
    """

    def __init__(
        self,
        name: str,
        level: int | str = -1,
        weights: str | None = None,
        frozen_stages: int = 0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        model, checkpoint = build_classifier(name, weights)
        groups = find_stages(model)
        if not 0 <= frozen_stages <= len(groups):
            raise ValueError(
                f'frozen_stages must lie in [0, {len(groups)}] for {name!r}, '
                f'got {frozen_stages}'
            )
        stages = tuple(group[-1] for group in groups)
        features = _cut(model, level, stages)
        try:
            channels, channels_last = probe(features)
        except AssertionError as error:  # torchvision's VisionTransformer
            raise ValueError(
                'name must be a classifier that takes any picture size, got '
                f'{name!r} ({error})'
            ) from error
        super().__init__(channels, init_cfg)
        self.stages = stages
        self.channels_last = channels_last
        self.features = features
        if checkpoint is not None:
            load_features(features, checkpoint)
        self._frozen = {
            part for group in groups[:frozen_stages] for part in group
        }
        for module in self._frozen_modules():
            module.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> 'TorchvisionBackbone':
        """Set the mode; frozen stages stay in evaluation."""
        super().train(mode)
        for module in self._frozen_modules():
            module.eval()
        return self

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode pictures.

        Args:
            x (ModalityInput): data float ``[B, C, h, w]`` with 3 channels or
                1 (grey), mask bool ``[B, h, w]``, a rectangle in the upper
                left of each.

        Returns:
            Tokens: The cells, row by row.
        """
        runs = self._runs(x)
        parts = [self._run(x, *run) for run in runs]
        steps = max((cells.shape[1] for cells, _ in parts), default=1)
        like = parts[0][0] if parts else x.data
        out = like.new_zeros(len(x.data), steps, self.out_channels)
        mask = x.mask.new_zeros(len(x.data), steps)
        for (rows, *_), (cells, real) in zip(runs, parts, strict=True):
            out[rows, : cells.shape[1]] = cells
            mask[rows, : cells.shape[1]] = real
        if not parts:
            out = connect(out, self.features)
        return Tokens(out, mask, x.present).with_x(out)

    def _runs(self, x: ModalityInput) -> list[tuple[Tensor, int, int]]:
        """Which rows run together, and the height and width they run at."""
        present = x.present
        if self._takes_statistics():
            rows = present.nonzero().squeeze(1)
            height, width = x.mask.shape[1:]
            return [(rows, height, width)] if len(rows) else []
        sizes = torch.stack(
            [x.mask.any(2).sum(1), x.mask.any(1).sum(1)], dim=1
        )
        return [
            ((sizes == size).all(1).nonzero().squeeze(1), *size.tolist())
            for size in sizes[present].unique(dim=0)
        ]

    def _run(
        self, x: ModalityInput, rows: Tensor, height: int, width: int
    ) -> tuple[Tensor, Tensor]:
        """Cells float ``[n, T, C]`` and their mask ``[n, T]``."""
        data = x.data[rows, :, :height, :width]
        with self._enough_for_statistics(len(rows)):
            grid = self.features(data.expand(-1, 3, -1, -1))['features']
        if self.channels_last:
            grid = grid.permute(0, 3, 1, 2)
        real = F.adaptive_max_pool2d(
            x.mask[rows, :height, :width].float(), grid.shape[2:]
        )
        return grid.flatten(2).transpose(1, 2), real.flatten(1) > 0

    def _takes_statistics(self) -> bool:
        return any(
            isinstance(module, BatchNorm) and module.training
            for module in self.modules()
        )

    @contextmanager
    def _enough_for_statistics(self, rows: int) -> Iterator[None]:
        """Leave running statistics alone while a single row runs."""
        norms = [
            module
            for module in self.modules()
            if isinstance(module, BatchNorm) and module.training and rows < 2
        ]
        for norm in norms:
            norm.training = False
        try:
            yield
        finally:
            for norm in norms:
                norm.training = True

    def _frozen_modules(self) -> list[nn.Module]:
        return [
            module
            for name, module in self.features.named_modules()
            if name in self._frozen
        ]


def _cut(
    model: nn.Module, level: int | str, stages: tuple[str, ...]
) -> nn.Module:
    """The part of ``model`` that leads to ``level``."""
    allowed = f'an index of the stages {stages} or the name of a node'
    if isinstance(level, int):
        if not -len(stages) <= level < len(stages):
            raise ValueError(f'level must be {allowed}, got {level}')
        level = stages[level]
    try:
        return create_feature_extractor(model, {level: 'features'})
    except ValueError as error:
        raise ValueError(f'level must be {allowed}, got {level!r}') from error
