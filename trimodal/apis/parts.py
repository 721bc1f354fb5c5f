"""What an inferencer takes from a training's config, a part at a time."""

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from trimodal.registry import FUNCTIONS, VISUALIZERS
from trimodal.visualization import TriModalVisualizer

_COUNTER = itertools.count()


def find_preparation(
    *candidates: Mapping[str, Any] | None,
) -> Mapping[str, Any]:
    """Choose what says how media are prepared.

    Args:
        *candidates (Mapping[str, Any] | None): Preparers or their configs by
            modality, or a mapping with these under ``modalities``, as packed
            files hold it. The first that is not empty is taken.

    Returns:
        Mapping[str, Any]: By modality.

    Raises:
        ValueError: If all are empty.
    """
    for found in candidates:
        if found:
            return found.get('modalities', found)
    raise ValueError(
        'nothing says how to prepare media: give preparation= a preparer for '
        'each modality, or put it into the config (the checkpoint is of data '
        'that were not prepared by tools/prepare_data.py)'
    )


def build_collate(loader: Mapping[str, Any]) -> Callable:
    """Build what makes batches, as mmengine's Runner does.

    Args:
        loader (Mapping[str, Any]): Config of the test data loader, with
            ``collate_fn`` a name, a function, or a dict with ``type``.

    Returns:
        Callable: Called with a list of samples; ``pseudo_collate`` if the
        config has none.
    """
    settings = loader.get('collate_fn') or 'pseudo_collate'
    if not isinstance(settings, Mapping):
        settings = {'type': settings}
    options = {k: v for k, v in settings.items() if k != 'type'}
    kind = settings['type']
    found = kind if callable(kind) else FUNCTIONS.get(kind)
    return partial(cast(Callable, found), **options)


def build_visualizer(
    settings: Mapping[str, Any], rates: Mapping[str, float]
) -> TriModalVisualizer:
    """Build a visualizer that draws but logs nothing.

    Args:
        settings (Mapping[str, Any]): Config of the training's visualizer; of
            another kind than :class:`TriModalVisualizer` it is passed over.
        rates (Mapping[str, float]): Samples or frames a second, by modality.

    Returns:
        TriModalVisualizer: With a name of its own.
    """
    options = dict(settings)
    kind = VISUALIZERS.get(options.pop('type', 'TriModalVisualizer'))
    if kind is None or not issubclass(kind, TriModalVisualizer):
        kind, options = TriModalVisualizer, {}
    for key in ('vis_backends', 'save_dir', 'name'):
        options.pop(key, None)
    options.setdefault('rates', rates)
    return kind(name=f'inferencer-{next(_COUNTER)}', **options)
