"""Weights without anything else, as safetensors.

Such a file holds tensors and text; there is nothing in it that could run.
The text is what a checkpoint of mmengine has under ``meta``: the config, the
classes, the epoch. So a model can be built from the file alone.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from trimodal.utils.published import check_published
from trimodal.utils.saving import BrokenFileError, save_bytes

SUFFIX = '.safetensors'
_META = 'meta'


def is_safetensors(path: Any) -> bool:
    """Whether a file is to be read by :func:`load_weights`."""
    return isinstance(path, str | Path) and str(path).endswith(SUFFIX)


def save_weights(
    state_dict: Mapping[str, Tensor], meta: Mapping[str, Any], path: str | Path
) -> None:
    """Write weights and what belongs to them.

    Args:
        state_dict (Mapping[str, Tensor]): The weights. Those that share
            memory are written several times.
        meta (Mapping[str, Any]): Plain values; tuples come back as lists.
        path (str | Path): The file.

    Raises:
        SaveError: If the disk is full or refuses.
    """
    tensors = {
        name: value.detach().cpu().contiguous().clone()
        for name, value in state_dict.items()
    }
    text = json.dumps(meta, default=_plain)
    save_bytes(save(tensors, {'format': 'pt', _META: text}), path)


def load_weights(path: str | Path, map_location: Any = None) -> dict[str, Any]:
    """Read what :func:`save_weights` or somebody else has written.

    Args:
        path (str | Path): The file.
        map_location (Any): A device. Defaults to None: the CPU.

    Returns:
        dict[str, Any]: ``state_dict``, and ``meta``, which is empty if
        somebody else has written the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        BrokenFileError: If it is cut off, no such file, or, written by
            :func:`save_weights`, not the published one that its name says.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path} can not be found.')
    device = map_location if isinstance(map_location, str) else None
    if isinstance(map_location, torch.device):
        device = str(map_location)
    try:
        with safe_open(path, 'pt', device or 'cpu') as file:
            names = file.keys()
            tensors = {name: file.get_tensor(name) for name in names}
            text = (file.metadata() or {}).get(_META)
            meta = json.loads(text or '{}')
    except (SafetensorError, ValueError) as error:
        reason = ' '.join(str(error).split())
        raise BrokenFileError(f'{path} is broken: {reason}') from error
    if text is not None:  # others may call their files as they like
        check_published(path)
    return {'state_dict': tensors, 'meta': meta}


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor | np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f'{type(value).__name__} is no plain value')
