"""mmengine's constructor of optimizers; a misspelt key is an error."""

import logging
from typing import Any

from mmengine.logging import print_log
from mmengine.optim import DefaultOptimWrapperConstructor as _Constructor
from mmengine.optim import OptimWrapper
from torch import nn

from trimodal.engine.optim.paramwise import (
    COMMON_KEYS,
    check_custom_names,
    check_custom_options,
    check_paramwise,
)
from trimodal.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DefaultOptimWrapperConstructor(_Constructor):
    """Builds an optimizer with rates and decays by kind and name.

    It is mmengine's, which passes over what it does not know in silence: a
    key that it does not read, a name that no parameter has.

    Args:
        optim_wrapper_cfg (dict): The optimizer wrapper, with ``optimizer``
            in it.
        paramwise_cfg (dict | None): Factors on the weight decay or the rate:
            ``norm_decay_mult``, ``bias_decay_mult``, ``bias_lr_mult``,
            ``flat_decay_mult``, ``dwconv_decay_mult``,
            ``dcn_offset_lr_mult``; ``custom_keys``, from a part of names of
            parameters to a dictionary of ``lr_mult``, ``decay_mult`` or
            options of the optimizer, which goes before the others; and
            ``bypass_duplicate``, to leave out a parameter that comes twice.
            Defaults to None.

    Raises:
        ConfigError: If ``paramwise_cfg`` has another key, a factor is
            negative, or the optimizer has no ``lr`` or ``weight_decay`` to
            multiply; when called, if one of ``custom_keys`` is in no
            parameter's name, or has what neither this nor the optimizer
            reads.
    """

    known_keys = COMMON_KEYS

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the optimizer and its wrapper.

        Args:
            model (nn.Module): What is trained, or its wrapper.

        Returns:
            OptimWrapper: The wrapper.
        """
        inner: Any = getattr(model, 'module', model)
        check_custom_names(self.paramwise_cfg, inner)
        wrapper = super().__call__(model)
        options = getattr(wrapper.optimizer, 'defaults', None)
        for text in check_custom_options(self.paramwise_cfg, options or ()):
            print_log(text, logger='current', level=logging.WARNING)
        return wrapper

    def _validate_cfg(self) -> None:
        check_paramwise(
            self.paramwise_cfg, self.known_keys, self.optimizer_cfg
        )
