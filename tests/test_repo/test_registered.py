"""What is registered is documented and tested."""

import inspect
import re

from mmengine.evaluator import BaseMetric
from mmengine.registry import Registry

import trimodal.registry
from tests.test_repo.sources import listed, python_files
from trimodal.registry import METRICS


def registered() -> dict[str, type]:
    """Every class or function of trimodal in its registries, by name."""
    found = {}
    for registry in vars(trimodal.registry).values():
        if not isinstance(registry, Registry):
            continue
        registry.import_from_location()
        for name, item in registry.module_dict.items():
            if item.__module__.startswith('trimodal.'):
                found[name] = item
    return found


def test_every_registered_class_has_a_docstring():
    bare = [
        f'{item.__module__}.{name}'
        for name, item in registered().items()
        if not (item.__doc__ or '').strip()
    ]
    assert not bare, listed(bare)


def test_every_argument_of_a_constructor_is_documented():
    """The class's ``Args:`` names each of them."""
    missing = []
    for name, item in registered().items():
        if not inspect.isclass(item) or '__init__' not in vars(item):
            continue
        parameters = inspect.signature(item).parameters.values()
        named = {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
        missing += [
            f'{name}({argument}=...)'
            for argument in sorted(named)
            if not re.search(rf'\b{argument}\b', item.__doc__ or '')
        ]
    assert not missing, listed(missing)


def test_every_metric_calculates_on_arrays():
    """By a static ``calculate``, which needs no runner."""
    metrics = {
        name: item
        for name, item in METRICS.module_dict.items()
        if registered().get(name) is item
    }
    assert metrics
    without = [
        name
        for name, item in metrics.items()
        if not isinstance(
            inspect.getattr_static(item, 'calculate', None), staticmethod
        )
        or not issubclass(item, BaseMetric)
    ]
    assert not without, listed(without)


def test_every_registered_class_is_mentioned_in_a_test():
    tests = '\n'.join(p.read_text('utf-8') for p in python_files('tests'))
    words = set(re.findall(r'\w+', tests))
    missing = sorted(set(registered()) - words)
    assert not missing, listed(missing)


def test_every_registry_is_a_child_of_mmengines():
    registries = [
        item
        for item in vars(trimodal.registry).values()
        if isinstance(item, Registry)
    ]
    assert registries
    for registry in registries:
        assert registry.scope == 'trimodal'
        assert registry.parent is not None
        assert registry.parent.scope == 'mmengine'
