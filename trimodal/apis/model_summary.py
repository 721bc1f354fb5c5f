"""The summary of a config's model, from a sample or from shapes alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from trimodal.registry import DATASETS, MODELS
from trimodal.utils.config import ConfigError, load_config
from trimodal.utils.forward_once import evaluating, model_arguments
from trimodal.utils.model_summary import ModuleSummary, summarize_model


def summarize_config(
    path: str,
    shapes: Mapping[str, Sequence[int]] | None = None,
    cfg_options: Mapping[str, Any] | None = None,
) -> list[ModuleSummary]:
    """Summarise a config's model for one sample.

    Args:
        path (str): Config file.
        shapes (Mapping[str, Sequence[int]] | None): The shape of each
            modality's array as the preprocessors take it, such as
            ``{'speech': [16000]}``; a modality that is left out is absent.
            Defaults to None: the first sample of the config's data.
        cfg_options (Mapping[str, Any] | None): Settings that go before those
            of the config. Defaults to None.

    Returns:
        list[ModuleSummary]: See
        :func:`~trimodal.utils.model_summary.summarize_model`.

    Raises:
        ConfigError: If there is no model or no data, or a shape does not fit.
    """
    config = load_config(path, cfg_options)
    if config.get('model') is None:
        raise ConfigError(f'{path} does not define model')
    batch = _first_batch(config) if shapes is None else _random(shapes)
    model = MODELS.build(config.model)
    with evaluating(model):
        try:
            arguments = model_arguments(model, batch)
            return summarize_model(
                model, lambda: model(**arguments, mode='tensor')
            )
        except (RuntimeError, ValueError) as error:
            if shapes is None:
                raise
            said = ' '.join(str(error).split())
            raise ConfigError(f'--shape does not fit: {said}') from error


def _random(shapes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    torch.manual_seed(0)
    return {'inputs': {k: [torch.rand(*v)] for k, v in shapes.items()}}


def _first_batch(config: Config) -> Any:
    """The first sample of the data of validation, else of training."""
    loaders = ('val_dataloader', 'test_dataloader', 'train_dataloader')
    found = [config.get(key) for key in loaders]
    dataset = next((loader.dataset for loader in found if loader), None)
    if dataset is None:
        raise ConfigError(
            'the config names no data; give the shapes with --shape, such as '
            '--shape speech=16000'
        )
    try:
        return pseudo_collate([DATASETS.build(dataset)[0]])
    except (OSError, ValueError) as error:
        said = ' '.join(str(error).split())
        raise ConfigError(
            f'no sample to run the model on ({said}); make the data, or give '
            'the shapes with --shape, such as --shape speech=16000'
        ) from error
