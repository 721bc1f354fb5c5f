"""Whether packed data are what the model was configured for."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.logging import print_log
from mmengine.runner import Runner

from trimodal.engine.hooks.schedules import unwrapped
from trimodal.utils.config import ConfigError


def check_data(runner: Runner) -> None:
    """Compare the streams of the loaders' files with the model, and the files.

    A stream's attributes, such as its sample rate, must be those that the
    modality's preprocessor names in ``stream_attributes``: a model trained
    at another rate learns badly and says nothing. Validation and test data
    that were prepared otherwise than the training data are warned of.

    Args:
        runner (Runner): Its loops that have been built are looked at.

    Raises:
        ConfigError: If an attribute is another than the model's.
    """
    model = unwrapped(runner)
    preprocessors = getattr(
        getattr(model, 'data_preprocessor', None), 'modalities', {}
    )
    training: Mapping[str, Any] = {}
    for part in ('train', 'val', 'test'):
        loop = getattr(runner, f'_{part}_loop', None)
        loader = getattr(loop, 'dataloader', None)
        for dataset in _sources(getattr(loader, 'dataset', None)):
            _check_attributes(part, dataset, preprocessors)
            preparation = dataset.source.preparation.get('modalities') or {}
            if part == 'train':
                training = training or preparation
            else:
                _compare(part, preparation, training, preprocessors)


def _sources(dataset: Any) -> Iterator[Any]:
    """The data sets of files inside wrappers such as RepeatDataset."""
    if hasattr(dataset, 'source'):
        yield dataset
    elif dataset is not None:
        yield from _sources(getattr(dataset, 'dataset', None))
        for part in getattr(dataset, 'datasets', ()):
            yield from _sources(part)


def _check_attributes(
    part: str, dataset: Any, preprocessors: Mapping[str, Any]
) -> None:
    for name, preprocessor in preprocessors.items():
        found = dataset.source.attributes.get(name, {})
        wanted = getattr(preprocessor, 'stream_attributes', {})
        for key, value in wanted.items():
            if key in found and found[key] != value:
                raise ConfigError(
                    f'{part}_dataloader: {name} of {dataset.ann_file} has '
                    f'{key}={found[key]}, the model is for {key}={value}; '
                    'prepare the data again with the preprocessing config '
                    'for this model (tools/prepare_data.py --config), or set '
                    f'{key}={found[key]} in its data preprocessor'
                )


def _compare(
    part: str,
    preparation: Mapping[str, Any],
    training: Mapping[str, Any],
    preprocessors: Mapping[str, Any],
) -> None:
    for name in preprocessors:
        ours, theirs = preparation.get(name), training.get(name)
        if not ours or not theirs or ours == theirs:
            continue
        keys = sorted({*ours, *theirs})
        differing = ', '.join(
            f'{key}={ours.get(key)} where training has {theirs.get(key)}'
            for key in keys
            if ours.get(key) != theirs.get(key)
        )
        print_log(
            f'{part}_dataloader: {name} was prepared otherwise than the '
            f'training data: {differing}',
            'current',
            logging.WARNING,
        )
