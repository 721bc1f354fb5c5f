"""What the classification metrics share: one record a sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric


@dataclass(frozen=True)
class LabelRecord:
    """What a metric keeps of a sample.

    Args:
        target (int | None): The true class, None where not annotated.
        pred (int | None): The predicted class; None without ``target``.
        scores (np.ndarray | None): float32 ``[C]``, if the model gave any
            and the metric reads them.
        num_classes (int | None): C, if the model gave scores.
        present (tuple[str, ...]): The modalities the sample has.
    """

    target: int | None
    pred: int | None
    scores: np.ndarray | None
    num_classes: int | None
    present: tuple[str, ...]


class ClassificationMetric(BaseMetric):
    """Base of the metrics that compare ``pred_label`` with ``gt_label``.

    A sample without ``gt_label`` is left out, but recorded: with several
    processes mmengine tells the samples that its sampler repeated by their
    place, so there must be one record a sample. How many were left out is
    in the result as ``unlabelled`` if there are any.

    Every value of a result is a number, since mmengine sends each to the
    loggers and into the checkpoint; what is no number goes to a file.

    Args:
        collect_device (str): 'cpu' or 'gpu', see mmengine's BaseMetric.
        prefix (str | None): Prefix of the names in the result.
        collect_dir (str | None): Folder through which processes exchange
            records. Defaults to None: mmengine's choice.
    """

    keeps_scores = False

    def __init__(
        self,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Record each sample of a batch.

        Args:
            data_batch (Any): Not read.
            data_samples (Sequence[dict]): The model's answers as dicts with
                ``pred_label`` and, where annotated, ``gt_label``; optional
                ``pred_score``, ``present``, ``sample_id``.

        Raises:
            ValueError: If a sample with a label has no prediction, or more
                than one label.
        """
        self.results.extend(self._record(sample) for sample in data_samples)

    def _record(self, sample: dict[str, Any]) -> LabelRecord:
        present = tuple(sample.get('present', ()))
        target = _single(sample, 'gt_label')
        if target is None:
            return LabelRecord(None, None, None, None, present)
        pred, scores = _single(sample, 'pred_label'), sample.get('pred_score')
        if pred is None:
            raise ValueError(
                f'{type(self).__name__}: sample {_name(sample)} has a label '
                "but no 'pred_label'; the model needs a classification head"
            )
        if scores is not None:
            scores = torch.as_tensor(scores).float().cpu().numpy()
        return LabelRecord(
            target=target,
            pred=pred,
            scores=scores if self.keeps_scores else None,
            num_classes=None if scores is None else len(scores),
            present=present,
        )

    def class_names(self, records: Sequence[LabelRecord]) -> list[str]:
        """Name the classes of ``records``.

        Args:
            records (Sequence[LabelRecord]): Those with a target.

        Returns:
            list[str]: The data set's ``classes`` if it names any, else the
            numbers of the classes that the model or the labels know.
        """
        names = (self.dataset_meta or {}).get('classes')
        if names:
            return [str(name) for name in names]
        known = [r.num_classes or 0 for r in records]
        known += [1 + max(r.target or 0, r.pred or 0) for r in records]
        return [str(i) for i in range(max(known, default=0))]


def split_labelled(
    results: Sequence[LabelRecord],
) -> tuple[list[LabelRecord], dict[str, float]]:
    """Separate the samples with a label from those without.

    Args:
        results (Sequence[LabelRecord]): All records.

    Returns:
        tuple: The labelled records, and ``{'unlabelled': count}``, empty
        where the count is 0.
    """
    labelled = [record for record in results if record.target is not None]
    missing = len(results) - len(labelled)
    return labelled, {'unlabelled': missing} if missing else {}


def labels(
    records: Sequence[LabelRecord],
) -> tuple[np.ndarray, np.ndarray]:
    """Stack predictions and targets of labelled records, int64 ``[N]``."""
    pred = np.array([record.pred for record in records], dtype=np.int64)
    target = np.array([record.target for record in records], dtype=np.int64)
    return pred, target


def _single(sample: dict[str, Any], key: str) -> int | None:
    value = sample.get(key)
    if value is None or len(value) == 0:
        return None
    if len(value) != 1:
        raise ValueError(
            f'sample {_name(sample)} has {len(value)} values in {key!r}; a '
            'metric for single labels needs exactly one'
        )
    return int(value[0])


def _name(sample: dict[str, Any]) -> str:
    return repr(sample.get('sample_id', 'without an id'))
