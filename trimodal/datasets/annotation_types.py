"""The dataclasses that annotations travel in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an annotation.

    Args:
        sample_id (str): The sample's id, ``#n`` for the n-th sample where
            the id itself is at fault, empty for the file as a whole.
        field (str): The field at fault, e.g. ``bounding_boxes[2].bbox``.
        value (Any): What the file holds there.
        reason (str): Why it can't be used.
    """

    sample_id: str
    field: str
    value: Any
    reason: str

    def __str__(self) -> str:
        value = repr(self.value)
        if len(value) > 80:
            value = value[:77] + '...'
        where = f'sample {self.sample_id!r}: ' if self.sample_id else ''
        return f'{where}{self.field} = {value}: {self.reason}'


class AnnotationError(ValueError):
    """Annotations that can't be used.

    Args:
        source (str): Where they were read from.
        faults (list[Fault]): Everything wrong with them.
    """

    def __init__(self, source: str, faults: list[Fault]) -> None:
        lines = [f'{source}: {len(faults)} fault(s)', *map(str, faults)]
        super().__init__('\n  '.join(lines))
        self.source = source
        self.faults = faults


@dataclass(frozen=True, eq=False)
class SampleAnnotation:
    """What is known of one sample; all but ``id`` may be missing.

    Args:
        id (str): Unique in its data set.
        group (str | None): What must not be split, e.g. a speaker.
        label (int | None): Class index.
        transcription (str | None): What is said.
        target (tuple[float, ...] | None): Regression target.
        bboxes (np.ndarray | None): float32 ``[N, 4]``, x1, y1, x2, y2 in
            pixels of the upright image. None: not annotated; ``[0, 4]``:
            annotated as empty.
        bbox_labels (np.ndarray | None): int64 ``[N]``.
        bbox_scores (np.ndarray | None): float32 ``[N]``.
        bbox_crowds (np.ndarray | None): bool ``[N]``, True where a box is
            drawn about many objects or one too hard to count: neither to be
            learned nor to be counted. None: no box is.
        ori_shape (tuple[int, int] | None): Height and width in pixels of
            the upright image on disk. None: not known before it is read.
        media (Mapping[str, str]): Every ``*_path`` field that is not null,
            as given; relative to the annotation file.
        metadata (Mapping[str, Any]): Free-form.
    """

    id: str
    group: str | None = None
    label: int | None = None
    transcription: str | None = None
    target: tuple[float, ...] | None = None
    bboxes: np.ndarray | None = None
    bbox_labels: np.ndarray | None = None
    bbox_scores: np.ndarray | None = None
    bbox_crowds: np.ndarray | None = None
    ori_shape: tuple[int, int] | None = None
    media: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SampleAnnotation):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.id)

    def to_json(self) -> dict[str, Any]:
        """The sample as it stands in an annotation file.

        That is without ``ori_shape``, which the image itself tells.

        Examples:
            >>> SampleAnnotation('a', target=(0.5,)).to_json()
            {'id': 'a', 'target': [0.5]}
        """
        known: dict[str, Any] = {
            'id': self.id,
            'group': self.group,
            **self.media,
            'label': self.label,
            'transcription': self.transcription,
            'target': None if self.target is None else list(self.target),
            'bounding_boxes': self._boxes_to_json(),
            'metadata': dict(self.metadata) or None,
        }
        return {
            key: value for key, value in known.items() if value is not None
        }

    def _boxes_to_json(self) -> list[dict[str, Any]] | None:
        if self.bboxes is None or self.bbox_labels is None:
            return None
        boxes: list[dict[str, Any]] = [
            {'class': int(label), 'bbox': [float(value) for value in box]}
            for label, box in zip(self.bbox_labels, self.bboxes, strict=True)
        ]
        if self.bbox_scores is not None:
            for box, score in zip(boxes, self.bbox_scores, strict=True):
                box['confidence'] = float(score)
        if self.bbox_crowds is not None:
            for box, crowd in zip(boxes, self.bbox_crowds, strict=True):
                if crowd:
                    box['crowd'] = True
        return boxes


@dataclass(frozen=True)
class AnnotationFile:
    """An annotation file without its bad samples.

    Args:
        metainfo (dict): ``classes`` and whatever else holds for all.
        samples (list[SampleAnnotation]): In the order of the file.
        root (Path): The folder that media paths are relative to.
    """

    metainfo: dict[str, Any]
    samples: list[SampleAnnotation]
    root: Path
