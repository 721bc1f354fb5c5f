"""What the metrics of one annotation and one prediction share."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric


class AnnotatedMetric(BaseMetric):
    """Base of the metrics that compare one field with its annotation.

    A sample without the annotation is left out, but recorded, as ``()``:
    with several processes mmengine tells the samples that its sampler
    repeated by their place, so there must be one record a sample (and it
    drops those that are None). How many were left out is in the result as
    ``unannotated`` if there are any.

    Args:
        collect_device (str): 'cpu' or 'gpu', see mmengine's BaseMetric.
        prefix (str | None): Prefix of the names in the result.
        collect_dir (str | None): Folder through which processes exchange
            records. Defaults to None: mmengine's choice.
    """

    #: Of a sample: the prediction and the annotations it is compared with,
    #: of which the first that a sample has counts.
    prediction: str
    annotations: tuple[str, ...]

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Record each sample of a batch.

        Args:
            data_batch (Any): Not read.
            data_samples (Sequence[dict]): The model's answers as dicts, with
                the annotation where there is one.

        Raises:
            ValueError: If an annotated sample has no prediction, or one of
                another form.
        """
        self.results.extend(self._record(sample) for sample in data_samples)

    def _record(self, sample: dict[str, Any]) -> tuple:
        known = [name for name in self.annotations if name in sample]
        if not known:
            return ()
        if self.prediction not in sample:
            raise ValueError(
                f'{type(self).__name__}: sample {sample_name(sample)} has '
                f'{known[0]!r} but no {self.prediction!r}; the model needs a '
                'head that predicts it'
            )
        return self.pair(sample, known[0])

    @abstractmethod
    def pair(self, sample: dict[str, Any], annotation: str) -> tuple:
        """Give what is kept of a sample with both.

        Args:
            sample (dict): The sample.
            annotation (str): Which of ``annotations`` it has.

        Returns:
            tuple: Plain and small, but not empty.
        """

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """Compute the figures over all records.

        Args:
            results (list[tuple]): What :meth:`process` stored.

        Returns:
            dict[str, float]: The figures, and ``unannotated`` if there are
            any.
        """
        pairs = [record for record in results if record]
        missing = len(results) - len(pairs)
        counted = {'unannotated': missing} if missing else {}
        return {**self.figures(pairs), **counted}

    @abstractmethod
    def figures(self, pairs: list) -> dict[str, float]:
        """Compute the figures over what :meth:`pair` gave.

        Args:
            pairs (list[tuple]): May be empty: NaN then, not an error.

        Returns:
            dict[str, float]: A number for each name.
        """


def to_array(value: Any) -> np.ndarray:
    """A tensor or what becomes one, floats as float32 on the CPU."""
    tensor = torch.as_tensor(value).detach().cpu()
    if tensor.is_floating_point():
        tensor = tensor.float()
    return tensor.numpy()


def sample_name(sample: dict[str, Any]) -> str:
    """How an error names a sample."""
    return repr(sample.get('sample_id', 'without an id'))


def check_choices(
    name: str, values: Sequence[str], allowed: Sequence[str]
) -> tuple[str, ...]:
    """Check what was chosen of what there is.

    Args:
        name (str): The argument's name.
        values (Sequence[str]): Its value.
        allowed (Sequence[str]): What there is.

    Returns:
        tuple[str, ...]: The choice.

    Raises:
        ValueError: If nothing was chosen, something unknown or a text.
    """
    wrong = isinstance(values, str) or not values
    if wrong or not set(values) <= set(allowed):
        raise ValueError(
            f'{name} must be some of {tuple(allowed)}, got {values!r}'
        )
    return tuple(values)
