"""mmengine's readers and its writer of checkpoints, replaced by safe ones.

For :mod:`trimodal.compat`, which says why, and when this can be deleted.
"""

import functools
import io
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch.utils import model_zoo

from trimodal.utils.checkpoint import load_file, refusing_code
from trimodal.utils.saving import save_file
from trimodal.utils.weights import is_safetensors

_CEPH = [r'(\S+\:)?s3://', r'(\S+\:)?petrel://']


def load_from_local(filename: str, map_location: Any) -> Any:
    """Read a file of this machine.

    Raises:
        FileNotFoundError: If it does not exist.
    """
    path = os.path.expanduser(filename)
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path} can not be found.')
    return load_file(path, map_location)


def load_url(url: str, map_location: Any = None, **options: Any) -> Any:
    """Read what a URL gives, from torch's folder if it was read before."""
    path = url.partition('?')[0]
    if not is_safetensors(path):
        with refusing_code(url):
            return model_zoo.load_url(
                url, map_location=map_location, weights_only=True, **options
            )
    folder = os.path.join(torch.hub.get_dir(), 'checkpoints')
    kept = os.path.join(folder, path.rsplit('/', 1)[-1])
    if not os.path.isfile(kept):
        os.makedirs(folder, exist_ok=True)
        torch.hub.download_url_to_file(url, kept)
    return load_file(kept, map_location)


def replace(module: ModuleType) -> Callable[..., None]:
    """Replace the readers of ``mmengine.runner.checkpoint``.

    Args:
        module (ModuleType): That module.

    Returns:
        Callable: A ``save_checkpoint`` to take the place of its own.
    """

    def load_from_ceph(
        filename: str, map_location: Any = None, backend: str = 'petrel'
    ) -> Any:
        args = {'backend': backend}
        store = module.get_file_backend(filename, backend_args=args)
        return load_file(io.BytesIO(store.get(filename)), map_location)

    register = module.CheckpointLoader.register_scheme
    register('', load_from_local, force=True)
    register(_CEPH, load_from_ceph, force=True)
    module.load_from_local = load_from_local  # type: ignore
    module.load_from_ceph = load_from_ceph  # type: ignore
    module.load_url = load_url  # type: ignore
    module._safe_torch_load = load_file  # type: ignore  # the fork's
    return _saving_safely(module.save_checkpoint)


def _saving_safely(save_checkpoint: Callable[..., None]) -> Callable:
    @functools.wraps(save_checkpoint)
    def save_safely(
        checkpoint: Any,
        filename: str,
        file_client_args: Any = None,
        backend_args: Any = None,
    ) -> None:
        if file_client_args or backend_args or '://' in str(filename):
            save_checkpoint(
                checkpoint, filename, file_client_args, backend_args
            )
        else:
            save_file(checkpoint, filename)

    return save_safely
