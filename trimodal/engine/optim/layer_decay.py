"""Optimizers with lower rates for the earlier layers of the encoders."""

from typing import Any

from torch import nn

from trimodal.engine.optim.default_constructor import (
    DefaultOptimWrapperConstructor,
)
from trimodal.engine.optim.paramwise import COMMON_KEYS, LAYER_KEYS
from trimodal.registry import OPTIM_WRAPPER_CONSTRUCTORS

# Weights and biases of layers; torch's attention and its parametrizations
# have names of their own.
_WEIGHTS = ('weight', 'in_proj_weight', 'original0', 'original1')
_BIASES = ('bias', 'in_proj_bias')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LearningRateDecayOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Builds an optimizer whose rates fall from the heads to the input.

    As in `BEiT <https://arxiv.org/abs/2106.08254>`_ and under mmpretrain's
    name: with a ``layer_decay_rate`` of r, the layer with L layers of its
    encoder behind it learns at ``lr * r ** L``. The last layer has what
    follows the layers (a normalisation) behind it; that, and what comes after
    the encoders, learns at ``lr``. The model tells the layers by
    ``get_layer_depth(param_name)``, which gives the layer and how many there
    are.

    Parameters with equal settings share a group.

    Args:
        optim_wrapper_cfg (dict): The optimizer wrapper, with ``optimizer``
            in it.
        paramwise_cfg (dict | None): What
            :class:`DefaultOptimWrapperConstructor` takes
            (``norm_decay_mult``, ``bias_decay_mult``, ``custom_keys``, ...),
            ``layer_decay_rate`` (r, above; it multiplies what
            ``custom_keys`` say), and ``bare_decay_mult``, a factor on the
            weight decay of parameters that are no layer's weight or bias:
            positions, class tokens, learned queries. Defaults to None.

    Raises:
        ValueError: If ``paramwise_cfg`` has another key,
            ``layer_decay_rate`` lies outside (0, 1], or ``optimizer`` has no
            ``lr``; when called, if the model has no ``get_layer_depth``.
    """

    known_keys = COMMON_KEYS | LAYER_KEYS

    def __init__(
        self,
        optim_wrapper_cfg: dict,
        paramwise_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        rate = self.paramwise_cfg.get('layer_decay_rate')
        self.rate = 1.0 if rate is None else rate
        if not 0 < self.rate <= 1:
            raise ValueError(
                f'layer_decay_rate must lie in (0, 1], got {self.rate}'
            )
        if self.base_lr is None:
            raise ValueError(
                'optimizer must have an lr, which layers have parts of, got '
                f'{sorted(self.optimizer_cfg)}'
            )

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Add the parameters of a module, in groups of equal settings.

        Args:
            params (list[dict]): Groups; changed in place.
            module (nn.Module): The model or, inside the recursion, a part.
            prefix (str): Name of the part. Defaults to none.
            is_dcn_module (int | float | None): Whether the part lies in a
                deformable convolution. Defaults to None.
        """
        super().add_params(params, module, prefix, is_dcn_module)
        if prefix:
            return
        names = {id(p): name for name, p in module.named_parameters()}
        for group in params:
            self._settle(group, names[id(group['params'][0])], module)
        params[:] = merged(params)

    def _settle(self, group: dict, name: str, model: Any) -> None:
        """Set rate and weight decay of a group of one parameter."""
        custom = any(
            k in name for k in self.paramwise_cfg.get('custom_keys', ())
        )
        kind = name.rpartition('.')[2]
        factor = None
        if kind in _BIASES and kind != 'bias':
            factor = self.paramwise_cfg.get('bias_decay_mult')
        elif kind not in (*_WEIGHTS, *_BIASES):
            factor = self.paramwise_cfg.get('bare_decay_mult')
        decay: float | None = self.base_wd
        if factor is not None and not custom and decay is not None:
            group['weight_decay'] = decay * factor
        scale = 1.0
        if self.rate < 1:
            scale = self._scale(name, model)
        rate: Any = group.get('lr', self.base_lr)
        group['lr'] = rate * scale
        # Under this name in mmpretrain's optimizers too.
        group['lr_scale'] = scale

    def _scale(self, name: str, model: Any) -> float:
        if not hasattr(model, 'get_layer_depth'):
            raise ValueError(
                f'{type(model).__name__} has no get_layer_depth, by which '
                'layer_decay_rate knows the layers'
            )
        layer, count = model.get_layer_depth(name)
        return self.rate ** (count - layer - 1)


def merged(groups: list[dict]) -> list[dict]:
    """Put groups with equal settings together, in the order of the first.

    Args:
        groups (list[dict]): ``params`` and settings of each.

    Returns:
        list[dict]: As few as there are different settings.
    """
    together: dict[str, dict] = {}
    for group in groups:
        settings = {k: v for k, v in group.items() if k != 'params'}
        key = repr(sorted(settings.items()))
        first = together.setdefault(key, {'params': [], **settings})
        first['params'] += group['params']
    return list(together.values())
