"""Takes torchvision's classifiers apart, stage by stage."""

from pathlib import Path

import torchvision.models
from torch import nn
from torchvision.models import get_model, get_model_weights, list_models
from torchvision.ops.misc import FrozenBatchNorm2d

from trimodal.models.encoders.checkpoints import StateDict, read_checkpoint

# Children that only hold the stages, and those that come after the features.
CONTAINERS = ('features', 'layers', 'trunk_output', 'blocks')
HEADS = ('avgpool', 'classifier', 'fc', 'flatten', 'head', 'heads', 'dropout')
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, FrozenBatchNorm2d)


def build_classifier(
    name: str, weights: str | None
) -> tuple[nn.Module, StateDict | None]:
    """Build a classifier, with published weights if they are named.

    Args:
        name (str): A classifier of torchvision.
        weights (str | None): Name of published weights, path of a checkpoint,
            or None.

    Returns:
        tuple[nn.Module, dict[str, Tensor] | None]: The model, and what the
        checkpoint holds.

    Raises:
        ValueError: If ``name`` is unknown, or ``weights`` is neither a file
            nor the name of published weights.
    """
    if name not in list_models(torchvision.models):
        raise ValueError(
            f'name must be a classifier of torchvision, got {name!r}'
        )
    if weights is None:
        return get_model(name, weights=None), None
    if Path(weights).is_file():
        return get_model(name, weights=None), read_checkpoint(weights)
    known = ['DEFAULT', *get_model_weights(name).__members__]
    if weights not in known:
        raise ValueError(
            f'weights must be the path of a file or one of {known} for '
            f'{name!r}, got {weights!r}'
        )
    return get_model(name, weights=weights), None


def find_stages(model: nn.Module) -> list[list[str]]:
    """The names of a classifier's parts, in order, stage by stage.

    A stage begins with a part that has weights and is no normalisation; what
    follows (normalisation, activation, pooling) belongs to it.

    Args:
        model (nn.Module): A classifier of torchvision.

    Returns:
        list[list[str]]: Names of modules; a stage's output is its last one's.
    """
    stages: list[list[str]] = []
    for name, part in _parts(model):
        begins = not isinstance(part, NORMS) and any(
            True for _ in part.parameters()
        )
        if begins or not stages:
            stages.append([])
        stages[-1].append(name)
    return stages


def _parts(model: nn.Module) -> list[tuple[str, nn.Module]]:
    parts: list[tuple[str, nn.Module]] = []
    for name, child in model.named_children():
        if name in HEADS:
            break
        if name in CONTAINERS:
            parts += [
                (f'{name}.{inner}', part)
                for inner, part in child.named_children()
            ]
        elif not name.lower().startswith('aux'):
            parts.append((name, child))
    return parts
