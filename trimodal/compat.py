"""Mends for mmengine 0.10.7 under today's torch and setuptools.

``import trimodal`` calls :func:`apply`. A mend is made when the module it
concerns is imported, so that a program that needs no torch does not pay for
it, and only where the installed mmengine (or its fork ``onedl-mmengine``,
which has the same import name) still has the fault: each mend looks at the
code it would replace, not at a version number. :func:`report` tells what was
done. Each mend says under *Delete when* how long it has to stay.
"""

import functools
import importlib.metadata
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from trimodal.compat_amp import mend_amp
from trimodal.compat_inductor import mend_convolution_backward
from trimodal.compat_scaling import mend_runner, mend_strategy
from trimodal.compat_strategies import (
    mend_ddp_strategy,
    mend_deepspeed_strategy,
    mend_fsdp_strategy,
    refuse_sync_bn,
)

Mend = Callable[[ModuleType], bool]

_REPORT: dict[str, str] = {}


def apply() -> None:
    """Make every mend that the installed mmengine still needs.

    Modules that are imported already are mended now, the others as soon as
    they are imported. Calling it again changes nothing.
    """
    if any(isinstance(finder, _MendOnImport) for finder in sys.meta_path):
        return
    pending = dict(_MENDS)
    for name in list(pending):
        if name in sys.modules:
            _mend(sys.modules[name], pending.pop(name))
    sys.meta_path.insert(0, _MendOnImport(pending))


def report() -> dict[str, str]:
    """What was done so far: module name to 'mended' or 'not needed'."""
    return dict(_REPORT)


def _mend(module: ModuleType, mend: Mend) -> None:
    _REPORT[module.__name__] = 'mended' if mend(module) else 'not needed'


class _MendOnImport(MetaPathFinder):
    """Runs a module's mend right after the module's own code."""

    def __init__(self, pending: dict[str, Mend]) -> None:
        self._pending = pending

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        mend = self._pending.pop(fullname, None)  # popped: no recursion
        spec = importlib.util.find_spec(fullname) if mend else None
        if mend is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_mend(module: ModuleType) -> None:
            execute(module)
            _mend(module, mend)

        spec.loader.exec_module = execute_and_mend  # type: ignore
        return spec


# --- 1. Checkpoints -------------------------------------------------------
# torch >= 2.6 loads with weights_only=True, which refuses the HistoryBuffer
# that mmengine pickles into every checkpoint. Plain data is written instead,
# and checkpoints of others are read with an allow-list of exactly what
# mmengine puts in (trimodal/utils/checkpoint.py).
# The fork's own answer allows any `getattr` and falls back to a full unpickle
# when that fails, so a hostile file still runs: it is replaced as well.
# A checkpoint is written into the file that it replaces, so that a kill or a
# full disk leaves neither of the two: ours is renamed when it is whole, and
# carries a checksum (trimodal/utils/saving.py).
# Delete when: mmengine writes plain data, and renames; reads with
# weights_only=True and no fallback, and safetensors.


def _mend_checkpoint(module: ModuleType) -> bool:
    from trimodal.utils import checkpoint_schemes

    original = module.save_checkpoint
    _rebind(original, checkpoint_schemes.replace(module))
    return True


def _plain_value(value: Any) -> Any:
    is_scalar = type(value).__module__ == 'numpy' and hasattr(value, 'item')
    return value.item() if is_scalar and value.ndim == 0 else value


def _mend_message_hub(module: ModuleType) -> bool:
    hub = module.MessageHub
    state_dict, load_state_dict = hub.state_dict, hub.load_state_dict

    @functools.wraps(state_dict)
    def plain_state_dict(self: Any) -> dict[str, Any]:
        from trimodal.utils.checkpoint import plain_history

        state = state_dict(self)
        scalars, info = state['log_scalars'], state['runtime_info']
        scalars = {key: plain_history(value) for key, value in scalars.items()}
        info = {key: _plain_value(value) for key, value in info.items()}
        # A resume warns of each key here that has no value.
        keys = {k: v for k, v in state['resumed_keys'].items() if v}
        plain = {'log_scalars': scalars, 'runtime_info': info}
        return {**state, **plain, 'resumed_keys': keys}

    @functools.wraps(load_state_dict)
    def load_plain_state_dict(self: Any, state: Any) -> None:
        from trimodal.utils.checkpoint import history_from_plain

        if isinstance(state, dict) and 'log_scalars' in state:
            scalars = {
                key: history_from_plain(value)
                if isinstance(value, dict)
                else value
                for key, value in state['log_scalars'].items()
            }
            state = {**state, 'log_scalars': scalars}
        load_state_dict(self, state)

    hub.state_dict = plain_state_dict
    hub.load_state_dict = load_plain_state_dict
    return True


# --- 2. Installed packages ------------------------------------------------
# setuptools >= 82 has no pkg_resources, which mmengine imports to find the
# package in a `_base_ = 'pkg::config.py'`. Where it is still there, it gives
# a wrong folder for an editable install.
# Delete when: mmengine uses importlib.metadata, as the fork does.


def _distribution_module(package: str) -> str:
    """The module that a distribution installs, ``package`` if unknown."""
    wanted = re.sub(r'[-_.]+', '-', package).lower()
    for module, owners in importlib.metadata.packages_distributions().items():
        if wanted in (re.sub(r'[-_.]+', '-', o).lower() for o in owners):
            return module
    return package


def _mend_package_utils(module: ModuleType) -> bool:
    if 'pkg_resources' not in module.is_installed.__code__.co_names:
        return False

    def package2module(package: str) -> str:
        importlib.metadata.distribution(package)  # raises if not installed
        return _distribution_module(package)

    def is_installed(package: str) -> bool:
        try:
            importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            spec = importlib.util.find_spec(package)
            return spec is not None and spec.origin is not None
        return True

    def get_installed_path(package: str) -> str:
        spec = importlib.util.find_spec(package)
        if spec is None:
            spec = importlib.util.find_spec(package2module(package))
        if spec is None or spec.origin is None:
            raise RuntimeError(
                f'{package} is a namespace package, which has no single '
                'folder and cannot be inherited from'
            )
        return os.path.dirname(spec.origin)

    for mended in (package2module, is_installed, get_installed_path):
        _rebind(getattr(module, mended.__name__), mended)
    return True


def _rebind(original: Callable, mended: Callable) -> None:
    """Replace a function wherever it has been imported by name."""
    for module in list(sys.modules.values()):
        names = getattr(module, '__dict__', {})
        for key in [key for key in names if names[key] is original]:
            setattr(module, key, mended)


# --- 3. Several processes without a GPU -----------------------------------
# init_dist selects a CUDA device and asks for nccl; wrap_model always passes
# device_ids. On the CPU neither is possible: gloo, and device_ids=None.
# Delete when: both look whether there is a GPU first.


def _asks_for_gpu(function: Callable) -> bool:
    return bool(
        {'is_available', 'is_cuda_available'} & {*function.__code__.co_names}
    )


def _mend_init_dist(module: ModuleType) -> bool:
    if _asks_for_gpu(module._init_dist_pytorch):
        return False
    for launcher in ('pytorch', 'mpi', 'slurm'):
        name = f'_init_dist_{launcher}'
        setattr(module, name, _without_gpu(getattr(module, name)))
    return True


def _without_gpu(init: Callable[..., None]) -> Callable[..., None]:
    import torch

    @functools.wraps(init)
    def init_without_gpu(backend: str, **options: Any) -> None:
        if torch.cuda.is_available():
            return init(backend, **options)
        set_device = torch.cuda.set_device
        torch.cuda.set_device = lambda device: None  # type: ignore
        try:
            init('gloo' if backend == 'nccl' else backend, **options)
        finally:
            torch.cuda.set_device = set_device

    return init_without_gpu


def _mend_wrap_model(module: ModuleType) -> bool:
    wrap_model = module.Runner.wrap_model
    if _asks_for_gpu(wrap_model):
        return False

    parameters = inspect.signature(module.DistributedDataParallel).parameters
    # The old name of the option still works but warns.
    new = 'forward_sync_buffers' in parameters
    sync = 'forward_sync_buffers' if new else 'broadcast_buffers'

    @functools.wraps(wrap_model)
    def wrap_model_anywhere(self: Any, config: Any, model: Any) -> Any:
        if not self.distributed or module.is_model_wrapper(model):
            return wrap_model(self, config, model)
        config = {'type': 'MMDistributedDataParallel', **(config or {})}
        kind = config['type']
        if isinstance(kind, str):
            kind = module.MODEL_WRAPPERS.get(kind)
        if not issubclass(kind, module.DistributedDataParallel):
            return wrap_model(self, config, model)
        # Whether or not there is a config of the wrapper.
        unused = self.cfg.get('find_unused_parameters', False)
        defaults: dict[str, Any] = {'find_unused_parameters': unused}
        if not {'forward_sync_buffers', 'broadcast_buffers'} & {*config}:
            defaults[sync] = False
        if module.get_device() == 'cpu':
            defaults['device_ids'] = None
            refuse_sync_bn(self.cfg.get('sync_bn'), model)
        return wrap_model(self, {**defaults, **config}, model)

    module.Runner.wrap_model = wrap_model_anywhere
    return True


def _mend_runner(module: ModuleType) -> bool:
    return any([_mend_wrap_model(module), mend_runner(module)])


# --- 4. Mixed precision: trimodal/compat_amp.py ----------------------------


# --- 5. A false alarm ------------------------------------------------------
# Every checkpoint is saved by way of the deprecated FileClient, which warns
# the user about what mmengine itself does. The file backend that takes its
# place answers the same calls.
# Delete when: CheckpointHook no longer asks for a FileClient.


def _mend_file_client(module: ModuleType) -> bool:
    infer_client = module.FileClient.infer_client

    @functools.wraps(infer_client)
    def infer_quietly(cls: Any, args: Any = None, uri: Any = None) -> Any:
        from mmengine.fileio import get_file_backend

        if args is not None:
            return infer_client(args, uri)
        return get_file_backend(uri)

    module.FileClient.infer_client = classmethod(infer_quietly)
    return True


# --- 6. Configs of an installed package ------------------------------------
# `_base_ = 'pkg::config.py'` is refused for a package that is not on
# mmengine's own list.
# Delete when: any installed package may be inherited from.


def _mend_config_packages(module: ModuleType) -> bool:
    if 'trimodal' in module.MODULE2PACKAGE:
        return False
    module.MODULE2PACKAGE['trimodal'] = 'trimodal'
    return True


# --- 7. Metrics of a test in several processes -----------------------------
# Every process dumps them to one and the same file, at once: where one wrote
# more than another, as times have more digits, the file is no longer JSON.
# Delete when: LoggerHook.after_test_epoch dumps in the main process only.


def _mend_logger_hook(module: ModuleType) -> bool:
    if 'is_main_process' in inspect.getsource(module):
        return False
    from mmengine.dist import master_only

    module.dump = master_only(module.dump)  # type: ignore[attr-defined]
    return True


_MENDS: dict[str, Mend] = {
    'mmengine.config.utils': _mend_config_packages,
    'mmengine.fileio.file_client': _mend_file_client,
    'mmengine.runner.checkpoint': _mend_checkpoint,
    'mmengine.logging.message_hub': _mend_message_hub,
    'mmengine.hooks.logger_hook': _mend_logger_hook,
    'mmengine.utils.package_utils': _mend_package_utils,
    'mmengine.dist.utils': _mend_init_dist,
    'mmengine.runner.runner': _mend_runner,
    'mmengine.optim.optimizer.amp_optimizer_wrapper': mend_amp,
    'mmengine._strategy.base': mend_strategy,
    'mmengine._strategy.distributed': mend_ddp_strategy,
    'mmengine._strategy.fsdp': mend_fsdp_strategy,
    'mmengine._strategy.deepspeed': mend_deepspeed_strategy,
    'torch._inductor.kernel.conv': mend_convolution_backward,
}
