"""A feature pyramid over a backbone, for detection.

Shape letters: see :mod:`trimodal.structures.streams`; ``n`` pictures that run
together, ``h, w`` pixels or cells.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from trimodal.models.encoders.grid_backbone import GridBackbone
from trimodal.models.encoders.grid_encoder import GridEncoder
from trimodal.models.layers.checks import check_positive
from trimodal.registry import MODELS
from trimodal.utils import build


@MODELS.register_module()
class FeaturePyramid(GridEncoder):
    """Strong features at every scale, all levels one after the other.

    From `Feature Pyramid Networks for Object Detection
    <https://arxiv.org/abs/1612.03144>`_: from the coarsest level down, each
    is enlarged and added to the next finer one. The tokens' ``grids`` are the
    levels' sizes. How pictures of several sizes, absent ones and batch
    normalisation get on: see
    :class:`~trimodal.models.encoders.GridEncoder`.

    Args:
        backbone (Mapping | GridBackbone): A backbone with its levels from
            fine to coarse, or its config.
        out_channels (int): Channels of every level. Defaults to 256.
        extra_level (bool): Whether one more level takes every other cell of
            the coarsest, as Faster R-CNN has it. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``backbone`` is no backbone or ``out_channels`` is not
            positive.

    Examples:
        >>> backbone = dict(
        ...     type='TorchvisionBackbone', name='resnet18', level=(1, 2, 3)
        ... )
        >>> FeaturePyramid(backbone, out_channels=32).num_grids
        3
    """

    def __init__(
        self,
        backbone: Mapping[str, Any] | GridBackbone,
        out_channels: int = 256,
        extra_level: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        backbone = build(backbone, MODELS)
        if not isinstance(backbone, GridBackbone):
            raise ValueError(
                'backbone must be one with levels, such as '
                f'TorchvisionBackbone, got {type(backbone).__name__}'
            )
        check_positive(out_channels=out_channels)
        levels = len(backbone.channels) + extra_level
        super().__init__(out_channels, levels, init_cfg)
        self.backbone = backbone
        self.pyramid = FeaturePyramidNetwork(
            list(backbone.channels),
            out_channels,
            LastLevelMaxPool() if extra_level else None,
        )

    def extract(self, pictures: Tensor) -> list[Tensor]:
        """Run the backbone and the pyramid.

        Args:
            pictures (Tensor): float ``[n, C, h, w]``.

        Returns:
            list[Tensor]: A grid per level, from fine to coarse, each float
            ``[n, out_channels, h, w]``.
        """
        levels = self.backbone.levels(pictures)
        named = OrderedDict((str(i), grid) for i, grid in enumerate(levels))
        return list(self.pyramid(named).values())
