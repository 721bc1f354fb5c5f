"""Reading annotations of the COCO form: boxes of pictures, in one JSON."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import MMLogger

from trimodal.datasets.annotation_checks import is_number
from trimodal.datasets.annotation_types import (
    AnnotationError,
    AnnotationFile,
    Fault,
    SampleAnnotation,
)

Record = Mapping[str, Any]


def load_coco(
    path: str | Path,
    image_root: str | Path,
    *,
    keep_crowds: bool = False,
    filter_empty: bool = False,
    skip_bad: bool = False,
) -> tuple[AnnotationFile, list[Fault]]:
    """Read and check an annotation file of the COCO form.

    A sample's id is its picture's as a text, a label the place of its
    category in the file, from 0. Boxes are cut to the picture; those without
    extent are left out, with one warning for all. A file without
    ``annotations``, as for a test whose truth is secret, gives samples
    without boxes; a picture of none has none to be found.

    Args:
        path (str | Path): The JSON file.
        image_root (str | Path): The folder that ``file_name`` is relative
            to.
        keep_crowds (bool): Keep boxes with ``iscrowd``, as ``bbox_crowds``.
            Defaults to False.
        filter_empty (bool): Leave pictures without a box out. Defaults to
            False.
        skip_bad (bool): Leave bad samples out instead of raising. Defaults
            to False.

    Returns:
        tuple[AnnotationFile, list[Fault]]: The good samples, and what was
        wrong with the others. The metainfo has ``detection_classes`` and
        ``detection_category_ids``, both in the order of the labels.

    Raises:
        AnnotationError: If anything is wrong, with all the faults; with
            ``skip_bad`` only if the file as a whole can't be used.
    """
    raw = _read_json(Path(path))
    reader = _Reader(raw, Path(path), Path(image_root), keep_crowds)
    samples = reader.read()
    if reader.faults and not skip_bad:
        raise AnnotationError(str(path), reader.faults)
    if filter_empty:
        samples = [s for s in samples if s.bboxes is None or len(s.bboxes)]
    if reader.dropped:
        MMLogger.get_current_instance().warning(
            '%s: left out %d boxes without extent in their picture, the '
            'first is annotation %s',
            path,
            len(reader.dropped),
            reader.dropped[0],
        )
    metainfo = {
        'detection_classes': [c['name'] for c in raw['categories']],
        'detection_category_ids': [*reader.labels],
    }
    return AnnotationFile(metainfo, samples, Path(image_root)), reader.faults


class _Reader:
    """Collects the good samples and the faults of one file."""

    def __init__(
        self, raw: Record, path: Path, image_root: Path, keep_crowds: bool
    ) -> None:
        self.raw = raw
        self.image_root = image_root
        self.keep_crowds = keep_crowds
        self.annotated = 'annotations' in raw
        self.faults: list[Fault] = []
        self.dropped: list[Any] = []
        self.labels = {c['id']: i for i, c in enumerate(raw['categories'])}
        if len(self.labels) < len(raw['categories']):
            raise _refuse(path, 'categories', 'an id stands twice')

    def read(self) -> list[SampleAnnotation]:
        boxes: dict[Any, list[Record]] = defaultdict(list)
        for item in self.raw.get('annotations', ()):
            boxes[_known(item.get('image_id'))].append(item)
        samples, seen = [], set()
        for image in self.raw['images']:
            before = len(self.faults)
            name = _known(image.get('id'))
            if name is None:
                reason = 'must be a whole number or a text'
                self._add(str(image.get('id')), 'id', image.get('id'), reason)
            items = () if name is None else boxes.pop(name, ())
            sample = self._sample(image, items)
            if sample.id in seen:
                self._add(sample.id, 'id', sample.id, 'twice in the file')
            seen.add(sample.id)
            if len(self.faults) == before:
                samples.append(sample)
        for items in boxes.values():
            where = f'image_id of annotation {items[0].get("id")}'
            self._add(
                '',
                where,
                items[0].get('image_id'),
                'no such picture in the file',
            )
        return samples

    def _add(self, sample: str, field: str, value: Any, reason: str) -> None:
        self.faults.append(Fault(sample, field, value, reason))

    def _sample(
        self, image: Record, items: Sequence[Record]
    ) -> SampleAnnotation:
        sample_id, name = str(image.get('id')), image.get('file_name')
        if not isinstance(name, str) or not name:
            self._add(sample_id, 'file_name', name, 'must be a path')
            name = ''
        elif not (self.image_root / name).is_file():
            reason = f'no such file in {self.image_root}'
            self._add(sample_id, 'file_name', name, reason)
        size: tuple[Any, Any] = (image.get('height'), image.get('width'))
        if size != (None, None) and not all(
            isinstance(side, int) and side > 0 for side in size
        ):
            reason = 'must be two whole numbers above 0, or left out'
            self._add(sample_id, 'height, width', size, reason)
            size = (None, None)
        shape = None if size[0] is None else size
        return SampleAnnotation(
            id=sample_id,
            media={'image_path': name},
            ori_shape=shape,
            **self._boxes(sample_id, shape, items),
        )

    def _boxes(
        self,
        sample_id: str,
        shape: tuple[int, int] | None,
        items: Sequence[Record],
    ) -> dict[str, Any]:
        if not self.annotated:
            return {}
        if not self.keep_crowds:
            items = [item for item in items if not item.get('iscrowd')]
        items = [item for item in items if self._is_sound(sample_id, item)]
        bboxes = np.array([i['bbox'] for i in items], float).reshape(-1, 4)
        bboxes[:, 2:] += bboxes[:, :2]
        height, width = shape or (np.inf, np.inf)
        bboxes = np.clip(bboxes, 0, [width, height, width, height])
        kept = (bboxes[:, 2:] > bboxes[:, :2]).all(1)
        self.dropped += [items[i].get('id') for i in np.flatnonzero(~kept)]
        labels = [self.labels[item['category_id']] for item in items]
        crowds = np.array([bool(i.get('iscrowd')) for i in items], bool)[kept]
        return {
            'bboxes': bboxes[kept].astype(np.float32),
            'bbox_labels': np.array(labels, np.int64)[kept],
            'bbox_crowds': crowds if crowds.any() else None,
        }

    def _is_sound(self, sample_id: str, item: Record) -> bool:
        name, bbox = f'annotation {item.get("id")}', item.get('bbox')
        before = len(self.faults)
        category = item.get('category_id')
        if not isinstance(category, int) or category not in self.labels:
            self._add(
                sample_id,
                f'category_id of {name}',
                category,
                'no such category in the file',
            )
        if not (
            isinstance(bbox, list)
            and len(bbox) == 4
            and all(map(is_number, bbox))
        ):
            reason = 'must be four finite numbers x, y, width, height'
            self._add(sample_id, f'bbox of {name}', bbox, reason)
        return len(self.faults) == before


def _known(value: Any) -> int | str | None:
    """What an id may be; None stands for anything else."""
    return value if isinstance(value, int | str) else None


def _refuse(path: Path, field: str, reason: str) -> AnnotationError:
    return AnnotationError(str(path), [Fault('', field, str(path), reason)])


def _read_json(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise _refuse(path, 'file', error.strerror or 'unreadable') from error
    except ValueError as error:
        raise _refuse(path, 'file', f'no valid JSON: {error}') from error
    if not isinstance(raw, dict):
        raise _refuse(path, 'file', 'must be an object')
    for name in ('images', 'categories', 'annotations'):
        items = raw.get(name, [] if name == 'annotations' else None)
        if not isinstance(items, list) or not all(
            isinstance(item, dict) for item in items
        ):
            raise _refuse(path, name, 'must be a list of objects (COCO form)')
    for item in raw['categories']:
        if not isinstance(item.get('id'), int) or not isinstance(
            item.get('name'), str
        ):
            raise _refuse(path, 'categories', f'{item} needs an id and a name')
    return raw
