"""Mends for the learning rate that mmengine 0.10.7 scales by the batch size.

Made by :mod:`trimodal.compat`, in the same way.
"""

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

# --- 1. The base rate ------------------------------------------------------
# Where parameters have settings of their own (paramwise_cfg), the wrapper
# keeps the base settings as one more group, for schedules and the log. The
# rate of that group is not scaled: the log's base_lr is of another batch size.
# Delete when: both scale_lr also scale OptimWrapper.base_param_settings.


def mend_runner(module: ModuleType) -> bool:
    """Mend ``Runner.scale_lr``."""
    runner, scale = module.Runner, module.Runner.scale_lr
    if 'base_param_settings' in inspect.getsource(scale):
        return False

    @functools.wraps(scale)
    def scale_all(
        self: Any, optim_wrapper: Any, auto_scale_lr: Any = None
    ) -> None:
        with _with_base_groups(optim_wrapper):
            scale(self, optim_wrapper, auto_scale_lr)

    runner.scale_lr = scale_all
    return True


def mend_strategy(module: ModuleType) -> bool:
    """Mend ``BaseStrategy._scale_lr``."""
    strategy, scale = module.BaseStrategy, module.BaseStrategy._scale_lr
    if 'base_param_settings' in inspect.getsource(scale):
        return False

    @functools.wraps(scale)
    def scale_all(self: Any) -> None:
        with _with_base_groups(self.optim_wrapper):
            scale(self)

    strategy._scale_lr = scale_all
    return True


@contextmanager
def _with_base_groups(wrapper: Any) -> Iterator[None]:
    """Let the base settings be a group of the optimizer."""
    from mmengine.optim import OptimWrapperDict

    several = isinstance(wrapper, OptimWrapperDict)
    wrappers = [
        each
        for each in (wrapper.values() if several else [wrapper])
        if getattr(each, 'base_param_settings', None) is not None
    ]
    for each in wrappers:
        each.optimizer.param_groups.append(each.base_param_settings)
    try:
        yield
    finally:
        for each in wrappers:
            each.optimizer.param_groups.pop()
