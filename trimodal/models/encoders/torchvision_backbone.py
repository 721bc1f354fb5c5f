"""Any of torchvision's classifiers, up to a feature level, as an encoder."""

from collections.abc import Sequence

from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor

from trimodal.models.encoders.checkpoints import load_features
from trimodal.models.encoders.grid_backbone import GridBackbone
from trimodal.models.encoders.torchvision_stages import (
    build_classifier,
    find_stages,
)
from trimodal.registry import MODELS


@MODELS.register_module()
class TorchvisionBackbone(GridBackbone):
    """A convolutional (or Swin) network whose cells become tokens.

    How pictures of several sizes, absent ones and batch normalisation get on:
    see :class:`~trimodal.models.encoders.GridEncoder`.

    Args:
        name (str): A classifier of torchvision, such as ``'resnet18'`` or
            ``'efficientnet_b0'``; one that takes any picture size.
        level (int | str | Sequence[int | str]): Which features: the index of
            a stage (see ``stages``), or the name of a node of the model's
            graph. Several are for a feature pyramid, in the network's order
            whatever theirs; the tokens are the last one's. Defaults to -1,
            the last stage.
        weights (str | None): Name of published weights, such as
            ``'DEFAULT'`` or ``'IMAGENET1K_V1'`` (downloaded), or the path of
            a checkpoint of the same architecture. Defaults to None, random.
        frozen_stages (int): How many leading stages are left as they are,
            running statistics included. Defaults to 0.
        norm_eval (bool): Whether all batch norms keep their running
            statistics in training, as small batches want it. Defaults to
            False.
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
        level: int | str | Sequence[int | str] = -1,
        weights: str | None = None,
        frozen_stages: int = 0,
        norm_eval: bool = False,
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
        if checkpoint is not None:
            load_features(features, checkpoint)
        frozen = {part for group in groups[:frozen_stages] for part in group}
        super().__init__(name, features, frozen, norm_eval, init_cfg)
        self.stages = stages


def _cut(
    model: nn.Module,
    level: int | str | Sequence[int | str],
    stages: tuple[str, ...],
) -> nn.Module:
    """The part of ``model`` that leads to each level."""
    levels = [level] if isinstance(level, int | str) else level
    nodes = [
        stages[item]
        if isinstance(item, int) and -len(stages) <= item < len(stages)
        else item
        for item in levels
    ]
    allowed = f'indices of the stages {stages} or names of nodes, each once'
    once = 0 < len(nodes) == len(set(nodes))
    if not once or any(isinstance(node, int) for node in nodes):
        raise ValueError(f'level must be {allowed}, got {level!r}')
    try:
        return create_feature_extractor(
            model, {node: str(index) for index, node in enumerate(nodes)}
        )
    except ValueError as error:
        raise ValueError(f'level must be {allowed}, got {level!r}') from error
