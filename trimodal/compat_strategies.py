"""Mends for the strategies of mmengine 0.10.7 under today's torch.

Made by :mod:`trimodal.compat`, in the same way. Each says under *Delete when*
how long it has to stay.
"""

import functools
import importlib
from types import ModuleType
from typing import Any

# --- 1. Strategies without a GPU ------------------------------------------
# They name a CUDA device by the local rank. On the CPU neither DDP nor FSDP
# may be given one.
# Delete when: both look whether there is a GPU first.


def mend_ddp_strategy(module: ModuleType) -> bool:
    """Mend ``DDPStrategy``; see 1 and 2."""
    strategy = module.DDPStrategy
    wrap_model = strategy._wrap_model

    @functools.wraps(wrap_model)
    def wrap_anywhere(self: Any, model: Any) -> Any:
        if module.get_device() == 'cpu':
            refuse_sync_bn(self.sync_bn, model)
            given = self.model_wrapper or {'broadcast_buffers': False}
            self.model_wrapper = {'device_ids': None, **given}
        return wrap_model(self, model)

    strategy._wrap_model = wrap_anywhere
    strategy.model_state_dict = _unwrapped_state_dict
    return True


def refuse_sync_bn(sync_bn: str | None, model: Any) -> None:
    """Say so before torch does, somewhere in the first iteration.

    Raises:
        ValueError: If batch norms were to be synchronised on a CPU.
    """
    from torch.nn.modules.batchnorm import _BatchNorm

    if sync_bn and any(isinstance(m, _BatchNorm) for m in model.modules()):
        raise ValueError(
            f'sync_bn={sync_bn!r} needs a GPU: SyncBatchNorm does not run on '
            'a CPU; leave sync_bn out'
        )


# --- 2. Names of weights ---------------------------------------------------
# DDPStrategy saves them as `module.encoders...`: no other run, test or export
# finds them.
# Delete when: BaseStrategy.model_state_dict takes off the wrapper.


def _unwrapped_state_dict(self: Any) -> dict[str, Any]:
    from mmengine.model import is_model_wrapper

    wrapped = is_model_wrapper(self.model)
    return (self.model.module if wrapped else self.model).state_dict()


# --- 3. The optimizer under FSDP -------------------------------------------
# Its state is read with arguments in the order of torch 2.0, and what the
# wrapper adds to it (the loss scale) is lost. Gradients are clipped by the
# norm of the part that a process has: each by another one.
# Delete when: a run with AMP and clip_grad, resumed, equals one without FSDP.


def mend_fsdp_strategy(module: ModuleType) -> bool:
    """Mend ``FSDPStrategy``; see 1 and 3."""
    strategy = module.FSDPStrategy
    wrap_model, build = strategy._wrap_model, strategy.build_optim_wrapper

    @functools.wraps(wrap_model)
    def wrap_anywhere(self: Any, model: Any) -> Any:
        import torch

        if module.get_device() == 'cpu':
            given = self.model_wrapper or {}
            cpu = torch.device('cpu')
            self.model_wrapper = {'device_id': cpu, **given}
            # From the CPU to the CPU torch 2.14 copies nothing: exp_avg and
            # exp_avg_sq would be saved as one and the same tensor.
            self.optim_state_dict_config.offload_to_cpu = False
        return wrap_model(self, model)

    @functools.wraps(build)
    def build_optim_wrapper(self: Any, config: Any, model: Any = None) -> Any:
        wrapper = build(self, config, model)
        _clip_whole_norm(wrapper, model)
        return wrapper

    strategy._wrap_model = wrap_anywhere
    strategy.build_optim_wrapper = build_optim_wrapper
    strategy.optim_state_dict = _whole_optim_state_dict
    strategy.load_optim_state_dict = _load_whole_optim_state_dict
    return True


def _clip_whole_norm(wrapper: Any, model: Any) -> None:
    import torch

    by_norm = torch.nn.utils.clip_grad_norm_
    if getattr(wrapper, 'clip_func', None) is by_norm:
        # It gathers the norm of all parts; the parameters are the model's.
        wrapper.clip_func = lambda _, **limits: model.clip_grad_norm_(**limits)


def _whole_optim_state_dict(self: Any) -> dict[str, Any]:
    from torch.distributed.fsdp import FullyShardedDataParallel as FSDP

    wrapper = self.optim_wrapper
    whole = FSDP.optim_state_dict(self.model, wrapper.optimizer)
    own = wrapper.state_dict()
    extra = {k: own[k] for k in own if k not in ('state', 'param_groups')}
    return {**whole, **extra}


def _load_whole_optim_state_dict(self: Any, state_dict: dict) -> None:
    from torch.distributed.fsdp import FullyShardedDataParallel as FSDP

    keys = ('state', 'param_groups')
    extra = {k: state_dict[k] for k in state_dict if k not in keys}
    part = FSDP.optim_state_dict_to_load(
        model=self.model,
        optim=self.optim_wrapper.optimizer,
        optim_state_dict={key: state_dict[key] for key in keys},
    )
    self.optim_wrapper.load_state_dict({**part, **extra})


# --- 4. Optimizers that DeepSpeed no longer has ----------------------------
# DeepSpeed 0.19 has no 1-bit optimizers, and without them nothing runs.
# Delete when: register_deepspeed_optimizers takes those that are there.

_DEEPSPEED_OPTIMIZERS = {
    'deepspeed.ops.adam': ('DeepSpeedCPUAdam', 'FusedAdam'),
    'deepspeed.ops.lamb': ('FusedLamb',),
    'deepspeed.runtime.fp16.onebit': (
        'OnebitAdam',
        'OnebitLamb',
        'ZeroOneAdam',
    ),
}


def mend_deepspeed_strategy(module: ModuleType) -> bool:
    """Mend ``DeepSpeedStrategy``; see 4."""
    module.register_deepspeed_optimizers = _register_optimizers  # type: ignore
    return True


def _register_optimizers() -> list[str]:
    from mmengine.registry import OPTIMIZERS

    registered = []
    for path, names in _DEEPSPEED_OPTIMIZERS.items():
        try:
            source = importlib.import_module(path)
        except ImportError:
            continue
        for name in names:
            if hasattr(source, name):
                kind = getattr(source, name)
                OPTIMIZERS.register_module(module=kind, force=True)
                registered.append(name)
    return registered
