"""Any of timm's networks with feature levels, as an encoder."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import nn

from trimodal.models.encoders.checkpoints import (
    StateDict,
    load_features,
    read_checkpoint,
)
from trimodal.models.encoders.grid_backbone import GridBackbone
from trimodal.registry import MODELS


@MODELS.register_module()
class TimmBackbone(GridBackbone):
    """A network of `timm <https://github.com/huggingface/pytorch-image-models>`_.

    Its cells become tokens. How pictures of several sizes, absent ones and
    batch normalisation get on: see
    :class:`~trimodal.models.encoders.GridEncoder`.

    Args:
        name (str): A model of timm that takes any picture size, such as
            ``'resnet18'`` or ``'convnext_tiny.fb_in22k'``; what follows the
            dot names published weights.
        level (int | Sequence[int]): Which of its feature levels. Several,
            from fine to coarse, are for a feature pyramid; the tokens are the
            last one's. Defaults to -1, the last level.
        weights (str | None): ``'DEFAULT'``, the published weights
            (downloaded), or the path of a checkpoint of the same model as
            timm saves it. Defaults to None, random.
        norm_eval (bool): Whether all batch norms keep their running
            statistics in training, as small batches want it. Defaults to
            False.
        options (Mapping | None): Further arguments of the model, such as
            ``{'dynamic_img_size': True}``, which lets a vision transformer
            take any size. Defaults to None.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ImportError: If timm is not installed.
        ValueError: If ``name``, ``level``, ``weights`` or ``options`` is
            unknown, or a checkpoint does not fit.
    """

    def __init__(
        self,
        name: str,
        level: int | Sequence[int] = -1,
        weights: str | None = None,
        norm_eval: bool = False,
        options: Mapping[str, Any] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        is_file = weights is not None and Path(weights).is_file()
        if not (weights in (None, 'DEFAULT') or is_file):
            raise ValueError(
                "weights must be 'DEFAULT' or the path of a file, got "
                f'{weights!r}'
            )
        levels = [level] if isinstance(level, int) else list(level)
        features = _create(
            name, levels, weights == 'DEFAULT', dict(options or {})
        )
        if weights is not None and is_file:
            checkpoint = read_checkpoint(weights)
            load_features(features, _renamed(features, checkpoint))
        super().__init__(name, features, (), norm_eval, init_cfg)


def _create(
    name: str, levels: list[int], pretrained: bool, options: dict[str, Any]
) -> nn.Module:
    try:
        timm: Any = import_module('timm')
    except ImportError as error:
        raise ImportError(
            'TimmBackbone needs timm, which is not installed: pip install timm'
        ) from error
    if not timm.is_model(name):
        raise ValueError(f'name must be a model of timm, got {name!r}')
    try:
        model: nn.Module = timm.create_model(
            name,
            pretrained=pretrained,
            features_only=True,
            out_indices=levels,
            **options,
        )
    except (AssertionError, IndexError) as error:
        raise ValueError(
            f'level must name feature levels of {name!r}, got {levels}'
        ) from error
    except (TypeError, RuntimeError) as error:
        raise ValueError(
            f'name and options must be of a model of timm with feature '
            f'levels, got {name!r} and {options} ({error})'
        ) from error
    return model


def _renamed(features: nn.Module, checkpoint: StateDict) -> StateDict:
    """A checkpoint of the whole model under the names of ``features``.

    timm wraps a model as ``model``, or takes it apart, with ``stages_0`` for
    ``stages.0``.
    """
    flat = {key.replace('.', '_'): value for key, value in checkpoint.items()}
    keys = {
        key: key.replace('.', '_').removeprefix('model_')
        for key in features.state_dict()
    }
    return {own: flat[key] for own, key in keys.items() if key in flat}
