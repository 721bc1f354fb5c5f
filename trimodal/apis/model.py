"""From a config and a checkpoint to a model that answers."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from torch import nn

from trimodal.apis.configs import find_config
from trimodal.registry import MODELS
from trimodal.utils.config import load_config

SCOPE = 'trimodal'
ConfigLike: TypeAlias = str | Path | Config | Mapping[str, Any]


def init_model(
    config: ConfigLike | None = None,
    checkpoint: str | Path | None = None,
    device: str | torch.device | None = None,
    cfg_options: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Build a model, load its weights, and make it ready to predict.

    Args:
        config (str | Path | Config | Mapping | None): A config, its file, or
            the name of one that comes with trimodal. Defaults to None: the
            one that the checkpoint was trained with.
        checkpoint (str | Path | None): File or URL of the weights. Defaults
            to None: the weights stay as they were initialised.
        device (str | torch.device | None): Where to put the model. Defaults
            to None: a GPU if there is one.
        cfg_options (Mapping[str, Any] | None): Dotted keys of the config, to
            be set to other values. Defaults to None.

    Returns:
        nn.Module: In evaluation mode, with the attributes ``cfg`` (Config)
        and ``dataset_meta`` (dict: classes and what else the training data
        said of itself).

    Raises:
        ValueError: If there is neither config nor checkpoint, the checkpoint
            has no config, or its weights are of another model.
    """
    if config is None and checkpoint is None:
        raise ValueError('init_model needs a config, a checkpoint, or both')
    loaded = {} if checkpoint is None else read_checkpoint(checkpoint)
    cfg = _config(config, loaded, str(checkpoint))
    if cfg_options:
        cfg.merge_from_dict(dict(cfg_options))
    if cfg.get('model') is None:
        raise ValueError("the config does not define 'model'")
    settings = copy.deepcopy(cfg.model)
    if checkpoint is not None:
        # All weights are about to be loaded; these might be a download.
        _drop_pretrained(settings)
    with DefaultScope.overwrite_default_scope(SCOPE):
        model = MODELS.build(settings)
    if checkpoint is not None:
        load_weights(model, loaded, str(checkpoint))
    model.cfg = cfg
    model.dataset_meta = {
        **test_dataset(cfg).get('metainfo', {}),
        **(loaded.get('meta', {}).get('dataset_meta') or {}),
    }
    return model.to(device or get_device()).eval()


def test_dataset(cfg: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data set of a config's tests, inside any wrappers."""
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset


test_dataset.__test__ = False  # type: ignore[attr-defined]


def read_checkpoint(checkpoint: str | Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Args:
        checkpoint (str | Path): File or URL.

    Returns:
        dict[str, Any]: With ``state_dict``, and what else it holds.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no weights.
    """
    path = str(checkpoint)
    if '://' not in path and not Path(path).is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    loaded = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    if not isinstance(loaded, dict) or not loaded:
        raise ValueError(f'{path} holds no weights')
    # Bare weights, as torch.save(model.state_dict()) writes them.
    return loaded if 'state_dict' in loaded else {'state_dict': loaded}


def load_weights(
    model: nn.Module, checkpoint: Mapping[str, Any], name: str
) -> None:
    """Load weights, all of them.

    Args:
        model (nn.Module): The model, changed in place.
        checkpoint (Mapping[str, Any]): With ``state_dict``; what the model
            does not have is passed over.
        name (str): For messages.

    Raises:
        ValueError: If it lacks a weight or has one of another shape.
    """
    state = {
        key.removeprefix('module.'): value
        for key, value in checkpoint['state_dict'].items()
    }
    faults = []
    for key, value in model.state_dict().items():
        if key not in state:
            faults.append(f'lacks {key}')
        elif state[key].shape != value.shape:
            shapes = tuple(state[key].shape), tuple(value.shape)
            faults.append(f'has {key} as {shapes[0]}, not {shapes[1]}')
    if faults:
        more = f' and {len(faults) - 3} more' if len(faults) > 3 else ''
        raise ValueError(
            f'{name} is of another model than the config: it '
            f'{"; it ".join(faults[:3])}{more}'
        )
    model.load_state_dict(state, strict=False)


def _config(
    config: ConfigLike | None, loaded: Mapping[str, Any], name: str
) -> Config:
    if isinstance(config, Config):
        return copy.deepcopy(config)
    if isinstance(config, Mapping):
        return Config(copy.deepcopy(dict(config)))
    if config is not None:
        return load_config(str(find_config(config)))
    text = loaded.get('meta', {}).get('cfg')
    if not text:
        raise ValueError(
            f'{name} does not hold the config it was trained with; name one'
        )
    return Config.fromstring(text, file_format='.py')


def _drop_pretrained(settings: Any) -> None:
    if isinstance(settings, dict):
        for key, value in settings.items():
            if key in ('weights', 'pretrained') and isinstance(value, str):
                settings[key] = None
            else:
                _drop_pretrained(value)
    elif isinstance(settings, list | tuple):
        for item in settings:
            _drop_pretrained(item)
