"""What the metrics of temporal consistency share: samples in order."""

import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric


@dataclass(frozen=True)
class Moment:
    """What a metric keeps of a sample.

    Args:
        group (str | None): The recording that it is of.
        sample_id (str): Its id.
        pred (np.ndarray): The prediction, of one moment or several.
        target (np.ndarray): The annotation, of the same form.
    """

    group: str | None
    sample_id: str
    pred: np.ndarray
    target: np.ndarray


class TemporalMetric(BaseMetric):
    """Base of the metrics that compare each sample with the one before it.

    The samples of one ``group`` (a recording cut into windows or frames) are
    taken as consecutive, in the order of their ids, in which numbers count
    as numbers: ``clip-2`` comes before ``clip-10``.

    Args:
        collect_device (str): 'cpu' or 'gpu', see mmengine's BaseMetric.
        prefix (str | None): Prefix of the names in the result.
        collect_dir (str | None): Folder through which processes exchange
            records. Defaults to None: mmengine's choice.
    """

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Record each sample of a batch.

        Args:
            data_batch (Any): Not read.
            data_samples (Sequence[dict]): The model's answers as dicts, with
                ``group`` and ``sample_id``.
        """
        self.results.extend(
            Moment(
                sample.get('group'),
                str(sample.get('sample_id', '')),
                *self.read(sample),
            )
            for sample in data_samples
        )

    @abstractmethod
    def read(self, sample: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Prediction and annotation of a sample, ``[n, ...]`` each."""


def in_order(
    moments: Sequence[Moment],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put moments behind one another, those of a group together.

    Args:
        moments (Sequence[Moment]): At least one, each of a group.

    Returns:
        tuple: Predictions and annotations, ``[T, ...]``, and the group of
        each, int64 ``[T]``.
    """
    ordered = sorted(moments, key=lambda m: (m.group, natural(m.sample_id)))
    groups = sorted({str(moment.group) for moment in ordered})
    index = {name: i for i, name in enumerate(groups)}
    numbers = [index[str(moment.group)] for moment in ordered]
    return (
        np.concatenate([moment.pred for moment in ordered]),
        np.concatenate([moment.target for moment in ordered]),
        np.repeat(numbers, [len(moment.pred) for moment in ordered]),
    )


def natural(name: str) -> list[str | int]:
    """A key that sorts the numbers in names as numbers.

    Examples:
        >>> sorted(['a10', 'a2'], key=natural)
        ['a2', 'a10']
    """
    parts = re.split(r'(\d+)', name)
    return [int(p) if i % 2 else p for i, p in enumerate(parts)]
