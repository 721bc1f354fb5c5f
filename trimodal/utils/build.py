"""One helper for every constructor that takes a config or a ready object."""

from collections.abc import Mapping
from typing import Any

from mmengine.registry import Registry


def build(item: Any, registry: Registry, **defaults: Any) -> Any:
    """Build ``item`` from ``registry`` if it is a config, else return it.

    Args:
        item (Any): A mapping with a ``type``, or a ready object.
        registry (Registry): Where the type is looked up.
        **defaults (Any): Arguments used where the config has none.

    Returns:
        Any: The built object, or ``item`` itself.

    Examples:
        >>> from trimodal.registry import MODELS
        >>> from trimodal.utils import build
        >>> build(dict(type='torch.nn.Identity'), MODELS)
        Identity()
        >>> build(None, MODELS) is None
        True
    """
    if isinstance(item, Mapping):
        return registry.build(dict(item), default_args=defaults or None)
    return item
