"""From a checkpoint of a training to a file of weights to give away."""

from pathlib import Path
from typing import Any

from torch import Tensor

from trimodal.apis.model import read_checkpoint
from trimodal.utils.config import ConfigError
from trimodal.utils.published import rename_published
from trimodal.utils.saving import save_file
from trimodal.utils.weights import is_safetensors, save_weights


def publish(checkpoint: str | Path, out: str | Path, ema: bool = True) -> Path:
    """Write a checkpoint's weights, and what a model is built from.

    Args:
        checkpoint (str | Path): File or URL.
        out (str | Path): Ends in ``.safetensors`` or ``.pth``. The first
            eight digits of the file's SHA-256 are added to its name.
        ema (bool): Whether to take the averaged weights, if there are any.
            Defaults to True.

    Returns:
        Path: The file. It holds weights, config and classes, and nothing of
        the optimizer.

    Raises:
        ConfigError: If ``out`` ends in something else, or other weights than
            the averaged ones are asked for and there are none.
        SaveError: If the disk is full or refuses.
    """
    out = Path(out)
    if out.suffix not in ('.safetensors', '.pth'):
        raise ConfigError(f'{out}: must end in .safetensors or .pth')
    loaded = read_checkpoint(checkpoint)
    state = loaded['state_dict'] if ema else _trained(loaded, checkpoint)
    meta = loaded.get('meta', {})
    if is_safetensors(out):
        save_weights(state, meta, out)
    else:
        save_file({'meta': meta, 'state_dict': dict(state)}, out)
    return rename_published(out)


def _trained(
    checkpoint: dict[str, Any], name: str | Path
) -> dict[str, Tensor]:
    """The weights as the optimizer left them.

    EMAHook puts the averaged ones into their place, and them into its own.
    """
    if 'ema_state_dict' not in checkpoint:
        raise ConfigError(
            f'{name} holds no averaged weights: its only ones are those that '
            'were trained; leave --no-ema out'
        )
    return {
        key.removeprefix('module.'): value
        for key, value in checkpoint['ema_state_dict'].items()
        if key.startswith('module.')
    }
