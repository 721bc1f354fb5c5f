"""Every registry of trimodal, each a child of mmengine's root registry.

A component is registered with ``@MODELS.register_module()`` and named by
``type`` in a config. The modules under ``locations`` are imported when a
registry is first asked, so a config needs no import of its own; a user's
plugins come in through ``custom_imports``.
"""

import difflib
from collections.abc import Iterator

import mmengine.registry as root
from mmengine.registry import Registry


class SuggestingRegistry(Registry):
    """A registry that answers a misspelt ``type`` with the nearest names.

    Args are those of :class:`mmengine.registry.Registry`.
    """

    def get(self, key: str) -> type | None:
        """Look ``key`` up here, then in the parents.

        Args:
            key (str): Registered name, ``scope.name`` or a dotted import
                path.

        Returns:
            type | None: The registered class or function.

        Raises:
            KeyError: If nothing of that name is registered; the message
                lists the nearest names.
        """
        try:
            found = super().get(key)
        except RuntimeError as error:  # how mmengine 0.10.7 says "not found"
            if not str(error).startswith('Failed to get'):
                raise
            found = None
        if found is None:
            raise KeyError(self._not_found(key))
        return found

    def _names(self) -> Iterator[str]:
        registry: Registry | None = self
        while registry is not None:
            yield from registry.module_dict
            registry = registry.parent

    def _not_found(self, key: str) -> str:
        names = sorted(set(self._names()))
        # Names are compared without case: 'concatfusion' is a likely slip.
        folded = {name.lower(): name for name in names}
        near = difflib.get_close_matches(
            key.split('.')[-1].lower(), folded, n=3, cutoff=0.5
        )
        hint = (
            'Did you mean ' + ', '.join(repr(folded[n]) for n in near) + '?'
            if near
            else f'Registered: {", ".join(names) or "nothing"}.'
        )
        return (
            f'{key!r} is not in the {self.scope}::{self.name} registry. '
            f'{hint} A plugin of your own must be imported first: name its '
            "module in the config's custom_imports."
        )


def _child(parent: Registry, *locations: str) -> SuggestingRegistry:
    return SuggestingRegistry(
        parent.name,
        build_func=None,
        parent=parent,
        scope='trimodal',
        locations=[f'trimodal.{location}' for location in locations],
    )


RUNNERS = _child(root.RUNNERS, 'engine')
RUNNER_CONSTRUCTORS = _child(root.RUNNER_CONSTRUCTORS, 'engine')
LOOPS = _child(root.LOOPS, 'engine')
HOOKS = _child(root.HOOKS, 'engine')
LOG_PROCESSORS = _child(root.LOG_PROCESSORS, 'engine')
STRATEGIES = _child(root.STRATEGIES, 'engine')
OPTIMIZERS = _child(root.OPTIMIZERS, 'engine')
OPTIM_WRAPPERS = _child(root.OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(root.OPTIM_WRAPPER_CONSTRUCTORS, 'engine')
PARAM_SCHEDULERS = _child(root.PARAM_SCHEDULERS, 'engine')
DATASETS = _child(root.DATASETS, 'datasets')
DATA_SAMPLERS = _child(root.DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child(root.TRANSFORMS, 'datasets')
FUNCTIONS = _child(root.FUNCTIONS, 'datasets')
MODELS = _child(root.MODELS, 'models')
MODEL_WRAPPERS = _child(root.MODEL_WRAPPERS, 'engine')
WEIGHT_INITIALIZERS = _child(root.WEIGHT_INITIALIZERS, 'models')
TASK_UTILS = _child(root.TASK_UTILS, 'datasets', 'models')
METRICS = _child(root.METRICS, 'evaluation')
EVALUATORS = _child(root.EVALUATOR, 'evaluation')
VISUALIZERS = _child(root.VISUALIZERS, 'visualization')
VISBACKENDS = _child(root.VISBACKENDS, 'visualization')
INFERENCERS = _child(root.INFERENCERS, 'apis')
