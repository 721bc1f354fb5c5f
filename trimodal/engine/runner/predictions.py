"""Predictions of a test run, kept to be written to a file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

ID = 'sample_id'  # first


class PredictionCollector(BaseMetric):
    """Gathers the data samples of all ranks in the order of the data set.

    ``predictions`` is the list after the last ``evaluate``, on rank 0.
    """

    def __init__(self) -> None:
        super().__init__(collect_device='cpu')
        self.predictions: list[Any] = []

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep copies on the CPU, their fields in an order that never changes.

        Args:
            data_batch (Any): Unused.
            data_samples (Sequence[dict]): Predictions as dictionaries.
        """
        for sample in data_samples:
            order = sorted(sample, key=lambda name: (name != ID, name))
            self.results.append({k: _on_cpu(sample[k]) for k in order})

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        """Take the gathered samples; there is nothing to score."""
        self.predictions = results
        return {}


def _on_cpu(value: Any) -> Any:
    if isinstance(value, Tensor):
        # A row of a batch would be pickled with all of the batch.
        return value.detach().cpu().clone()
    if isinstance(value, Mapping):
        return {key: _on_cpu(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_on_cpu(item) for item in value)
    return value


def to_plain(value: Any) -> Any:
    """Turn tensors and arrays into lists, for JSON.

    Examples:
        >>> to_plain({'a': torch.tensor([1, 2]), 'b': (np.float32(0.5),)})
        {'a': [1, 2], 'b': [0.5]}
    """
    if isinstance(value, Tensor | np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, torch.Size | list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
