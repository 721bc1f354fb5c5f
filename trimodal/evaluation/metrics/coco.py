"""COCO's average precision and recall of boxes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from trimodal.evaluation.functional.coco_backends import choose_backend
from trimodal.evaluation.functional.coco_json import (
    Boxes,
    coco_dataset,
    coco_detections,
    collector_paused,
    read_truth,
)
from trimodal.evaluation.functional.detection import (
    MAX_DETS,
    CocoScores,
    box_scores,
    coco_scores,
)
from trimodal.evaluation.metrics.coco_records import (
    BoxRecord,
    categories_of,
    images_of,
    record_of,
    write_files,
)
from trimodal.evaluation.reports import text_table
from trimodal.registry import METRICS

Record = dict[str, Any]


@METRICS.register_module()
class CocoMetric(BaseMetric):
    """COCO's twelve figures of boxes, in 0 to 1.

    `Microsoft COCO: Common Objects in Context
    <https://arxiv.org/abs/1405.0312>`_ defines them. Results: ``coco/AP``
    (mean over overlaps of 0.50 to 0.95), ``AP50``, ``AP75``, ``AP_s``,
    ``AP_m``, ``AP_l`` (boxes below 32² pixels, below 96², above),
    ``AR@1``, ``AR@10``, ``AR@100``, ``AR_s``, ``AR_m``, ``AR_l``, and
    ``AP[name]`` of each class. Where COCO says -1 (no such box is there to
    be found) they are NaN; without any prediction they are 0. COCO's table
    goes to the log.

    ``pred_instances`` are in pixels of ``ori_shape``. The truth is that of
    ``ann_file``; without one, ``gt_instances`` of the samples, scaled from
    ``img_shape`` to ``ori_shape``, of area width times height. A sample
    without truth is left out but recorded; how many is in the result as
    ``unannotated`` if there are any.

    Args:
        ann_file (str | None): The truth in COCO's form; ``sample_id`` is a
            picture's id, label i the i-th of its ``categories``, as
            ``CocoDataset`` gives them. Pictures that are not evaluated do
            not count. Defaults to None: see above.
        backend (str): 'pycocotools', 'faster_coco_eval', or 'auto': the
            latter where it is installed. Defaults to 'auto'.
        max_dets (Sequence[int]): How many detections of a picture and class
            count, rising: one ``AR@n`` each; all else is for the last.
            Defaults to (1, 10, 100).
        per_class (bool): Whether to give the AP of each class. Defaults to
            True.
        outfile_prefix (str | None): Write results as
            ``{prefix}.bbox.json``, which COCO's tools read, and without
            ``ann_file`` the truth as ``{prefix}.gt.json``. A bare name goes
            beside the log, after the stage (``test_coco.bbox.json``).
            Defaults to None: nothing is written.
        format_only (bool): Write the files, evaluate nothing. Defaults to
            False.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None: 'coco'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If there is no such file, the backend is unknown or not
            installed, ``max_dets`` are not rising numbers from 1, or
            ``format_only`` lacks the name of a file.

    Examples:
        >>> import numpy as np
        >>> from trimodal.evaluation import CocoMetric
        >>> box, label = np.array([[0, 0, 9, 9]]), np.array([0])
        >>> figures = CocoMetric.calculate(
        ...     [box], [label], [np.array([0.7])], [box], [label])
        >>> figures['AP50'], figures['AP_s'], figures['AP_m']
        (1.0, 1.0, nan)
    """

    default_prefix = 'coco'

    def __init__(
        self,
        ann_file: str | None = None,
        backend: str = 'auto',
        max_dets: Sequence[int] = MAX_DETS,
        per_class: bool = True,
        outfile_prefix: str | None = None,
        format_only: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        if ann_file is not None and not Path(ann_file).is_file():
            raise ValueError(f'ann_file: there is no file {ann_file!r}')
        self.ann_file = ann_file
        self.backend = choose_backend(backend)
        self.max_dets = tuple(max_dets)
        if (
            not self.max_dets
            or self.max_dets[0] < 1
            or self.max_dets != tuple(sorted(set(self.max_dets)))
        ):
            raise ValueError(
                f'max_dets must be rising numbers from 1, got {max_dets!r}'
            )
        if format_only and outfile_prefix is None:
            raise ValueError('format_only needs an outfile_prefix, got None')
        self.per_class = per_class
        self.outfile_prefix = outfile_prefix
        self.format_only = format_only
        self._dataset: Record | None = None

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Record each sample of a batch.

        Args:
            data_batch (Any): Not read.
            data_samples (Sequence[dict]): The model's answers as dicts with
                ``sample_id``, ``pred_instances`` and, where annotated,
                ``gt_instances``; ``ori_shape`` and ``img_shape``.

        Raises:
            ValueError: If a sample with a truth has no ``pred_instances``.
        """
        with_truth = self.ann_file is None
        always = self.format_only or not with_truth
        self.results.extend(
            record_of(sample, with_truth, always) for sample in data_samples
        )

    @collector_paused()
    def compute_metrics(self, results: list[BoxRecord]) -> dict[str, float]:
        """Compute the figures over all records, and write the files.

        Args:
            results (list[BoxRecord]): What :meth:`process` stored.

        Returns:
            dict[str, float]: The figures, ``AP[name]`` of each class and
            ``unannotated`` if there are any; nothing with ``format_only``.

        Raises:
            ValueError: If a sample is not in ``ann_file``, or a label is
                none of the classes.
        """
        records = [r for r in results if r.predicted is not None]
        dataset, images = self._truth(records)
        detections = coco_detections(
            [record.predicted for record in records],
            images,
            dataset['categories'],
        )
        if self.outfile_prefix is not None:
            truth = dataset if self.ann_file is None else None
            write_files(self.outfile_prefix, detections, truth)
        if self.format_only:
            return {}
        scores = coco_scores(
            dataset,
            detections,
            [image['id'] for image in images],
            self.max_dets,
            self.backend,
        )
        names = [category['name'] for category in dataset['categories']]
        self._log(scores, names)
        figures = scores.to_dict()
        if self.per_class:
            for name, value in zip(names, scores.per_class, strict=True):
                figures[f'AP[{name}]'] = float(value)
        missing = len(results) - len(records)
        return {**figures, **({'unannotated': missing} if missing else {})}

    def _truth(self, records: list[BoxRecord]) -> tuple[Record, list[Record]]:
        """The whole truth, and the pictures of the records."""
        if self.ann_file is None:
            images = images_of(records)
            categories = categories_of(records, self.dataset_meta or {})
            true = [record.true for record in records]
            return coco_dataset(true, images, categories), images
        self._dataset = self._dataset or read_truth(self.ann_file)
        known = {str(image['id']): image for image in self._dataset['images']}
        for record in records:
            if record.sample_id not in known:
                raise ValueError(
                    f'sample {record.sample_id!r} is no picture of '
                    f'{self.ann_file}; its ids are like {next(iter(known))!r}'
                )
        return self._dataset, [known[record.sample_id] for record in records]

    def _log(self, scores: CocoScores, names: list[str]) -> None:
        print_log(f'\n{scores.table()}', logger='current')
        if self.per_class and names:
            rows = zip(names, scores.per_class.tolist(), strict=True)
            table = text_table(['class', 'AP'], rows)
            print_log(f'\n{table}', logger='current')

    @staticmethod
    def calculate(
        pred_bboxes: Sequence[np.ndarray],
        pred_labels: Sequence[np.ndarray],
        pred_scores: Sequence[np.ndarray],
        gt_bboxes: Sequence[np.ndarray],
        gt_labels: Sequence[np.ndarray],
        gt_crowds: Sequence[np.ndarray] | None = None,
        max_dets: Sequence[int] = MAX_DETS,
        backend: str = 'auto',
    ) -> dict[str, float]:
        """Compute the twelve figures on arrays, one a picture.

        Args:
            pred_bboxes (Sequence[np.ndarray]): float ``[N, 4]`` each: x1,
                y1, x2, y2.
            pred_labels (Sequence[np.ndarray]): int ``[N]``.
            pred_scores (Sequence[np.ndarray]): float ``[N]``.
            gt_bboxes (Sequence[np.ndarray]): float ``[M, 4]``.
            gt_labels (Sequence[np.ndarray]): int ``[M]``.
            gt_crowds (Sequence[np.ndarray] | None): bool ``[M]``, True for
                boxes that do not count. Defaults to None.
            max_dets (Sequence[int]): See the class. Defaults to (1, 10,
                100).
            backend (str): See the class. Defaults to 'auto'.

        Returns:
            dict[str, float]: The figures by name.
        """
        crowds: list[np.ndarray | None] = [*(gt_crowds or ())]
        crowds = crowds or [None for _ in gt_bboxes]
        predicted = zip(pred_bboxes, pred_labels, pred_scores, strict=True)
        true = zip(gt_bboxes, gt_labels, crowds, strict=True)
        scores = box_scores(
            [Boxes(*arrays) for arrays in predicted],
            [Boxes(boxes, labels, None, c) for boxes, labels, c in true],
            max_dets,
            backend,
        )
        return scores.to_dict()
