"""Takes torchvision's classifiers apart: stages, layout, checkpoints."""

from pathlib import Path

import torch
import torchvision.models
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights, list_models
from torchvision.ops.misc import FrozenBatchNorm2d

# Children that only hold the stages, and those that come after the features.
CONTAINERS = ('features', 'layers', 'trunk_output', 'blocks')
HEADS = ('avgpool', 'classifier', 'fc', 'flatten', 'head', 'heads', 'dropout')
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, FrozenBatchNorm2d)

StateDict = dict[str, Tensor]


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


def read_checkpoint(path: str) -> StateDict:
    """The state dict in a file, by itself or under ``state_dict``."""
    checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    return dict(checkpoint.get('state_dict', checkpoint))


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


def probe(features: nn.Module) -> tuple[int, bool]:
    """Find out what a feature extractor gives.

    Args:
        features (nn.Module): From a picture to ``{'features': Tensor}``.

    Returns:
        tuple[int, bool]: The number of channels, and whether they come last.

    Raises:
        ValueError: If it does not give a grid of cells.
    """
    training = features.training
    features.eval()
    with torch.no_grad():
        # The sides that follow the picture's are those of the grid.
        small, large = (
            features(torch.zeros(1, 3, *size))['features'].shape
            for size in ((128, 128), (192, 256))
        )
    features.train(training)
    same = [a == b for a, b in zip(small, large, strict=True)]
    if len(small) != 4 or same not in (
        [True, True, False, False],
        [True, False, False, True],
    ):
        raise ValueError(
            'level must give a grid of cells that grows with the picture, '
            f'got shapes {tuple(small)} and {tuple(large)}'
        )
    return (small[3], True) if same[3] else (small[1], False)


def load_features(features: nn.Module, checkpoint: StateDict) -> None:
    """Load what ``features`` has of a classifier's checkpoint.

    Raises:
        ValueError: If something is missing or has another shape.
    """
    own = features.state_dict()
    wrong = [
        key
        for key, value in own.items()
        if not key.endswith('num_batches_tracked')
        and (key not in checkpoint or checkpoint[key].shape != value.shape)
    ]
    if wrong:
        raise ValueError(
            f'weights lack {len(wrong)} of {len(own)} tensors, or have them '
            f'in another shape, such as {wrong[:3]}'
        )
    features.load_state_dict(
        {key: checkpoint[key] for key in own if key in checkpoint},
        strict=False,
    )
