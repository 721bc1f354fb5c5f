"""Mend for mixed precision of mmengine 0.10.7 under today's torch.

Made by :mod:`trimodal.compat`, in the same way.
"""

import functools
import logging
from types import ModuleType
from typing import Any

# --- Mixed precision without a GPU ----------------------------------------
# AmpOptimWrapper asserts a GPU. torch's autocast works on the CPU with
# bfloat16, which needs no loss scaling. On a GPU the deprecated
# torch.cuda.amp.GradScaler is replaced by its successor.
# Delete when: AmpOptimWrapper builds and steps on the CPU and uses torch.amp.

_KINDS = ('cuda', 'npu', 'mlu', 'musa')
# As others call them.
_NAMES = {
    'bf16': 'bfloat16',
    'bf16-mixed': 'bfloat16',
    'fp16': 'float16',
    'half': 'float16',
    '16-mixed': 'float16',
}


def mend_amp(module: ModuleType) -> bool:
    """Mend ``AmpOptimWrapper``; see above."""
    import torch

    wrapper = module.AmpOptimWrapper
    init = wrapper.__init__
    if 'is_cuda_available' not in init.__code__.co_names:
        return False
    if module.GradScaler is torch.cuda.amp.GradScaler:
        scaler = functools.partial(torch.amp.GradScaler, 'cuda')
        module.GradScaler = scaler  # type: ignore

    @functools.wraps(init)
    def init_anywhere(
        self: Any,
        loss_scale: Any = 'dynamic',
        dtype: Any = None,
        use_fsdp: bool = False,
        **options: Any,
    ) -> None:
        if dtype in _NAMES:
            raise ValueError(f'dtype={dtype!r}: write {_NAMES[dtype]!r}')
        if any(getattr(module, f'is_{kind}_available')() for kind in _KINDS):
            return init(self, loss_scale, dtype, use_fsdp, **options)
        _check_on_the_cpu(loss_scale, dtype)
        module.OptimWrapper.__init__(self, **options)
        self._scale_update_param = None
        self.loss_scaler = torch.amp.GradScaler('cpu', enabled=False)
        self.cast_dtype = torch.bfloat16

    wrapper.__init__ = init_anywhere
    return True


def _check_on_the_cpu(loss_scale: Any, dtype: Any) -> None:
    import torch
    from mmengine.logging import print_log

    if dtype not in (None, 'bfloat16', torch.bfloat16):
        raise ValueError(
            f'dtype={dtype!r}: without a GPU mixed precision means '
            "'bfloat16'; leave dtype out or use OptimWrapper"
        )
    if loss_scale == 'dynamic':
        return
    if not isinstance(loss_scale, float | dict):
        raise ValueError(
            f"loss_scale={loss_scale!r}: must be 'dynamic', a float, or a "
            "dict of GradScaler's arguments"
        )
    print_log(
        f'loss_scale={loss_scale!r} has no effect: without a GPU mixed '
        'precision is bfloat16, which needs no loss scale',
        logger='current',
        level=logging.WARNING,
    )
