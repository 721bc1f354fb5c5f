"""What CocoMetric keeps of a sample, and what it makes of all of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from trimodal.evaluation.functional.coco_json import Boxes, count_labels
from trimodal.evaluation.metrics.annotated import sample_name, to_array
from trimodal.evaluation.reports import report_path, with_part

Sample = Mapping[str, Any]


@dataclass(frozen=True)
class BoxRecord:
    """What the metric keeps of a sample; boxes in pixels on disk.

    Args:
        sample_id (str): The sample's id.
        shape (tuple[int, int] | None): Height and width on disk, if known.
        predicted (Boxes | None): None where nothing is asked of it.
        true (Boxes | None): None where the sample does not tell.
    """

    sample_id: str
    shape: tuple[int, int] | None
    predicted: Boxes | None
    true: Boxes | None


def record_of(
    sample: Sample, with_truth: bool = True, always: bool = False
) -> BoxRecord:
    """Make the record of a sample.

    Args:
        sample (Mapping[str, Any]): A model's answer as a dict.
        with_truth (bool): Whether to keep ``gt_instances``. Defaults to
            True.
        always (bool): Whether predictions count in a sample without a
            truth, too. Defaults to False.

    Returns:
        BoxRecord: On the CPU.

    Raises:
        ValueError: If predictions count and there are none.
    """
    true = predicted = None
    if with_truth and 'gt_instances' in sample:
        given = sample['gt_instances']
        true = Boxes(
            to_array(given['bboxes']) * _scale(sample),
            to_array(given['labels']),
            crowds=to_array(given['crowds']) if 'crowds' in given else None,
        )
    if always or true is not None:
        given = sample.get('pred_instances')
        if given is None:
            raise ValueError(
                f'CocoMetric: sample {sample_name(dict(sample))} has no '
                "'pred_instances'; the model needs a detection head"
            )
        predicted = Boxes(
            *(to_array(given[key]) for key in ('bboxes', 'labels', 'scores'))
        )
    shape = sample.get('ori_shape')
    return BoxRecord(
        str(sample.get('sample_id', '')),
        None if shape is None else (int(shape[0]), int(shape[1])),
        predicted,
        true,
    )


def _scale(sample: Sample) -> np.ndarray:
    """From pixels of the model's picture to those on disk, for x1 .. y2."""
    if 'ori_shape' not in sample or 'img_shape' not in sample:
        return np.ones(4)
    height, width = np.divide(sample['ori_shape'], sample['img_shape'])
    return np.array([width, height, width, height])


def images_of(records: Sequence[BoxRecord]) -> list[dict[str, Any]]:
    """Describe the pictures in COCO's form.

    Args:
        records (Sequence[BoxRecord]): One a picture.

    Returns:
        list[dict]: ``id``, ``file_name`` (the sample's id) and size. The
        ids are those of the samples if all of these are whole numbers, as
        COCO's are; else they count from 1.
    """
    names = [record.sample_id for record in records]
    ids = {int(name) for name in names if name.isdecimal()}
    numbers = len(ids) == len(names)
    return [
        {
            'id': int(record.sample_id) if numbers else count,
            'file_name': record.sample_id,
            'height': record.shape[0] if record.shape else 0,
            'width': record.shape[1] if record.shape else 0,
        }
        for count, record in enumerate(records, 1)
    ]


def categories_of(
    records: Sequence[BoxRecord], metainfo: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Describe the labels in COCO's form.

    Args:
        records (Sequence[BoxRecord]): All boxes.
        metainfo (Mapping[str, Any]): ``detection_classes`` and
            ``detection_category_ids`` of the data set; without them the
            labels that occur are numbered from 1.

    Returns:
        list[dict]: ``id`` and ``name`` of each label.
    """
    names = metainfo.get('detection_classes')
    if not names:
        boxes = [box for r in records for box in (r.predicted, r.true)]
        names = [str(label) for label in range(count_labels(boxes))]
    ids = metainfo.get('detection_category_ids') or range(1, len(names) + 1)
    return [
        {'id': int(number), 'name': str(name)}
        for number, name in zip(ids, names, strict=True)
    ]


def write_files(
    prefix: str,
    detections: Sequence[Mapping[str, Any]],
    dataset: Mapping[str, Any] | None,
) -> None:
    """Write ``{prefix}.bbox.json`` and ``{prefix}.gt.json``.

    Args:
        prefix (str): With a folder, it is taken as it is (inside
            :func:`~trimodal.evaluation.reports.reports_of` the part comes
            before the name); a bare name goes beside the log, after the
            stage, or where there is no log into the current folder.
        detections (Sequence[Mapping[str, Any]]): Results of the COCO form.
        dataset (Mapping[str, Any] | None): The truth; None, or one without
            a box, is not written.
    """
    files: dict[str, Any] = {'.bbox.json': [*detections]}
    if dataset is not None and dataset['annotations']:
        files['.gt.json'] = dataset
    for suffix, content in files.items():
        path = Path(f'{prefix}{suffix}')
        bare = path.name == str(path)
        beside = report_path(prefix, suffix) if bare else None
        path = beside or path.with_name(with_part(path.name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        print_log(f'COCO file: {path}', logger='current')
