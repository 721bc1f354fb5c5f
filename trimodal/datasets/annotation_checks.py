"""Reading one annotated sample, and finding what is wrong with it."""

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from trimodal.datasets.annotation_types import Fault

FIELDS = (
    'id',
    'group',
    'label',
    'transcription',
    'target',
    'bounding_boxes',
    'metadata',
)
BOX_FIELDS = ('class', 'bbox', 'confidence', 'crowd')
MEDIA_SUFFIX = '_path'


def is_number(value: Any) -> bool:
    """Whether ``value`` is a finite number; a bool is none."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


class SampleChecker:
    """Reads the fields of one raw sample and collects every fault.

    A field that is absent or null reads as None; a bad one too, and leaves
    a line in ``faults``.

    Args:
        raw (Any): The sample as it stands in the file.
        position (int): Its place in the file, counted from 0.
    """

    def __init__(self, raw: Any, position: int) -> None:
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        self.faults: list[Fault] = []
        self.sample_id = f'#{position}'
        if not isinstance(raw, Mapping):
            self.add('sample', raw, 'must be an object')
            return
        sample_id = raw.get('id')
        if isinstance(sample_id, str) and sample_id:
            self.sample_id = sample_id
        else:
            self.add('id', sample_id, 'must be a text that is not empty')
        self._unknown()

    def add(self, field: str, value: Any, reason: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(self.sample_id, field, value, reason))

    def _unknown(self) -> None:
        for key, value in self.raw.items():
            if key in FIELDS or key.endswith(MEDIA_SUFFIX):
                continue
            near = difflib.get_close_matches(key, FIELDS, n=1)
            hint = f', did you mean {near[0]!r}?' if near else ''
            self.add(
                key,
                value,
                f'unknown field{hint} (more than the known fields '
                "belongs in 'metadata')",
            )

    def get(
        self, field: str, accept: Callable[[Any], bool], expected: str
    ) -> Any:
        """The field's value if ``accept`` agrees, else None and a fault."""
        value = self.raw.get(field)
        if value is None or accept(value):
            return value
        self.add(field, value, f'must be {expected}')
        return None

    def text(self, field: str) -> str | None:
        """A text."""
        return self.get(field, lambda v: isinstance(v, str), 'a text')

    def label(self, classes: Sequence[str] | None) -> int | None:
        """A class index below the number of ``classes``."""
        return self.get(
            'label',
            lambda v: _is_index(v, classes),
            _index_expected('classes', classes),
        )

    def target(self) -> tuple[float, ...] | None:
        """A number or a list of numbers, as a tuple."""

        def accept(value: Any) -> bool:
            if isinstance(value, list):
                return bool(value) and all(map(is_number, value))
            return is_number(value)

        value = self.get('target', accept, 'a finite number or a list of them')
        if value is None:
            return None
        values = value if isinstance(value, list) else [value]
        return tuple(float(item) for item in values)

    def metadata(self) -> dict[str, Any]:
        """The free-form object."""
        value = self.get(
            'metadata', lambda v: isinstance(v, Mapping), 'an object'
        )
        return dict(value or {})

    def media(self) -> dict[str, str]:
        """Every ``*_path`` that is not null."""
        paths = {}
        for key in self.raw:
            if not key.endswith(MEDIA_SUFFIX):
                continue
            path = self.get(
                key, lambda v: isinstance(v, str) and bool(v), 'a path or null'
            )
            if path is not None:
                paths[key] = path
        return paths

    def boxes(
        self, classes: Sequence[str] | None
    ) -> dict[str, np.ndarray | None]:
        """The boxes, by the fields of :class:`SampleAnnotation`.

        Empty if there are none; scores are None if no box has one, crowds
        if no box is one.
        """
        raw = self.get(
            'bounding_boxes', lambda v: isinstance(v, list), 'a list'
        )
        if raw is None:
            return {}
        before = len(self.faults)
        for number, box in enumerate(raw):
            self._check_box(f'bounding_boxes[{number}]', box, classes)
        if len(self.faults) > before:
            return {}
        corners = np.array([b['bbox'] for b in raw], np.float32)
        scores = [b.get('confidence') for b in raw]
        crowds = np.array([bool(b.get('crowd')) for b in raw], bool)
        return {
            'bboxes': corners.reshape(-1, 4),
            'bbox_labels': np.array([b['class'] for b in raw], np.int64),
            'bbox_scores': None
            if all(score is None for score in scores)
            else np.array([1 if s is None else s for s in scores], np.float32),
            'bbox_crowds': crowds if crowds.any() else None,
        }

    def _check_box(
        self, name: str, box: Any, classes: Sequence[str] | None
    ) -> None:
        if not isinstance(box, Mapping):
            self.add(name, box, 'must be an object')
            return
        for key in box:
            if key not in BOX_FIELDS:
                self.add(
                    f'{name}.{key}',
                    box[key],
                    f'unknown field; a box has {", ".join(BOX_FIELDS)}',
                )
        label = box.get('class')
        if not _is_index(label, classes):
            expected = _index_expected('detection_classes', classes)
            self.add(f'{name}.class', label, f'must be {expected}')
        score = box.get('confidence')
        if score is not None and not (is_number(score) and 0 <= score <= 1):
            self.add(f'{name}.confidence', score, 'must lie in 0..1')
        crowd = box.get('crowd')
        if not (crowd is None or isinstance(crowd, bool)):
            self.add(f'{name}.crowd', crowd, 'must be true or false')
        self._check_corners(f'{name}.bbox', box.get('bbox'))

    def _check_corners(self, name: str, bbox: Any) -> None:
        if not (
            isinstance(bbox, list)
            and len(bbox) == 4
            and all(map(is_number, bbox))
        ):
            self.add(name, bbox, 'must be four finite numbers x1, y1, x2, y2')
        elif bbox[2] <= bbox[0] or bbox[3] <= bbox[1]:
            self.add(name, bbox, 'degenerate: needs x2 > x1 and y2 > y1')
        elif bbox[0] < 0 or bbox[1] < 0:
            self.add(name, bbox, 'outside the image: a corner is negative')

    def boxes_inside(self, size: tuple[int, int]) -> None:
        """Note every box that reaches beyond an image of (width, height)."""
        for number, box in enumerate(self.raw.get('bounding_boxes') or ()):
            bbox = box['bbox']
            if bbox[2] > size[0] or bbox[3] > size[1]:
                self.add(
                    f'bounding_boxes[{number}].bbox',
                    bbox,
                    f'outside the image of {size[0]} x {size[1]} pixels',
                )


def _is_index(value: Any, classes: Sequence[str] | None) -> bool:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return False
    return classes is None or value < len(classes)


def _index_expected(name: str, classes: Sequence[str] | None) -> str:
    if classes is None:
        return 'a whole number from 0'
    return f"a whole number in 0..{len(classes) - 1} (metainfo['{name}'])"
