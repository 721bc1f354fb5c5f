"""Torchvision's vision transformers as weights of ours."""

from pathlib import Path

import torch.nn.functional as F
import torchvision.models
from torch import Tensor, nn
from torchvision.models import get_model_weights, get_weight, list_models

from trimodal.models.encoders.checkpoints import (
    StateDict,
    load_features,
    read_checkpoint,
)

# Their names and ours; the first checkpoints have linear_1 for mlp.0.
RENAMED = (
    ('conv_proj.', 'patches.'),
    ('encoder.layers.encoder_layer_', 'transformer.layers.'),
    ('encoder.ln.', 'transformer.norm.'),
    ('.ln_1.', '.norm1.'),
    ('.ln_2.', '.norm2.'),
    ('.self_attention.', '.attention.'),
    ('.in_proj_', '.in_proj.'),
    ('.mlp.linear_1.', '.feedforward.0.'),
    ('.mlp.linear_2.', '.feedforward.3.'),
    ('.mlp.', '.feedforward.'),
)


def load_torchvision_vit(model: nn.Module, weights: str) -> None:
    """Load weights of torchvision's into our vision transformer.

    Args:
        model (VisionTransformer): Ours; a checkpoint's class token is left
            out if it has none.
        weights (str): Name of published weights, such as
            ``'ViT_B_16_Weights.IMAGENET1K_V1'`` (downloaded), or the path of
            a checkpoint.

    Raises:
        ValueError: If ``weights`` is neither, or does not fit ``model``.
    """
    state = model.state_dict()
    table = state.get('positions.table')
    if table is None:
        raise ValueError("weights need positions='learned'")
    theirs = convert(_read(weights), (table.shape[2], table.shape[3]))
    spare = sorted(set(theirs) - set(state) - {'cls_token'})
    if spare:
        raise ValueError(
            f'weights hold {len(spare)} tensors that the model has no place '
            f'for, such as {spare[:3]}'
        )
    load_features(model, theirs)


def convert(theirs: StateDict, grid: tuple[int, int]) -> StateDict:
    """Rename a checkpoint of torchvision's ``VisionTransformer``.

    Args:
        theirs (dict[str, Tensor]): Its state dict; the heads are left out.
        grid (tuple[int, int]): Height and width, in patches, that positions
            are stretched to (bicubic).

    Returns:
        dict[str, Tensor]: The state dict of ours.

    Raises:
        ValueError: If it is the state dict of something else.
    """
    body = {k: v for k, v in theirs.items() if not k.startswith('heads.')}
    try:
        positions = body.pop('encoder.pos_embedding')
        cls_token = body.pop('class_token')
    except KeyError as error:
        raise ValueError(
            "weights must be of torchvision's VisionTransformer, which has "
            f'{error}'
        ) from error
    ours = {_rename(key): value for key, value in body.items()}
    # We add no position to the class token: it is part of it.
    ours['cls_token'] = cls_token + positions[:, :1]
    ours['positions.table'] = _stretch(positions[:, 1:], grid)
    return ours


def _rename(key: str) -> str:
    for old, new in RENAMED:
        key = key.replace(old, new)
    return key


def _stretch(positions: Tensor, grid: tuple[int, int]) -> Tensor:
    """Positions ``[1, T, C]`` of a square as float ``[1, C, h, w]``."""
    side = round(positions.shape[1] ** 0.5)
    table = positions.unflatten(1, (side, side)).permute(0, 3, 1, 2)
    if grid != (side, side):
        table = F.interpolate(table, grid, mode='bicubic', align_corners=True)
    return table.contiguous()


def _read(weights: str) -> StateDict:
    if Path(weights).is_file():
        return read_checkpoint(weights)
    known = [
        str(item)
        for name in list_models(torchvision.models, include='vit_*')
        for item in get_model_weights(name)
    ]
    if weights not in known:
        raise ValueError(
            f'weights must be the path of a file or one of {known}, got '
            f'{weights!r}'
        )
    return dict(get_weight(weights).get_state_dict(check_hash=True))
