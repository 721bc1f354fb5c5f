"""Standing before a method, and stepping aside in any order."""

import functools
from collections.abc import Callable
from typing import Any

# Called with the method and what it is called with, instead of the method.
Layer = Callable[..., Any]


class _Layered:
    """An object's method with layers before it; the last one is outermost.

    Args:
        owner (Any): The object.
        name (str): The method's name.
    """

    def __init__(self, owner: Any, name: str) -> None:
        method = getattr(owner, name)
        # mmengine's schedulers ask for a mark that they left on a step.
        functools.update_wrapper(self, method)
        self._method = method
        self._own = vars(owner).get(name)  # None: the class's
        self._layers: list[Layer] = []

    def __call__(self, *args: Any, **options: Any) -> Any:
        call: Callable[..., Any] = self._method
        for layer in self._layers:
            call = functools.partial(layer, call)
        return call(*args, **options)

    def add(self, layer: Layer) -> None:
        """Let ``layer`` stand before all others."""
        self._layers.append(layer)

    def remove(self, owner: Any, name: str, layer: Layer) -> None:
        """Without any layer the owner has its method of before again."""
        if layer in self._layers:
            self._layers.remove(layer)
        if self._layers or vars(owner).get(name) is not self:
            return
        delattr(owner, name)
        if self._own is not None:
            setattr(owner, name, self._own)


def wrap_method(owner: Any, name: str, layer: Layer) -> Callable[[], None]:
    """Let a layer stand before a method of an object.

    Several may, and each goes when it likes: the owner has its method of
    before again when the last has gone.

    Args:
        owner (Any): The object.
        name (str): The method's name.
        layer (Callable): Called as ``layer(method, *args, **options)``.

    Returns:
        Callable[[], None]: Takes the layer away again; a second call does
        nothing.

    Examples:
        >>> class Greeter:
        ...     def greet(self, name):
        ...         return f'hello {name}'
        >>> greeter = Greeter()
        >>> remove = wrap_method(
        ...     greeter, 'greet', lambda greet, name: greet(name.title()))
        >>> greeter.greet('ada')
        'hello Ada'
        >>> remove()
        >>> greeter.greet('ada'), vars(greeter)
        ('hello ada', {})
    """
    layered = vars(owner).get(name)
    if not isinstance(layered, _Layered):
        layered = _Layered(owner, name)
        setattr(owner, name, layered)
    layered.add(layer)
    return functools.partial(layered.remove, owner, name, layer)
