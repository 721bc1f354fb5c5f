"""Reading ``annotations.json``: every fault is found before any work."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, UnidentifiedImageError

from trimodal.datasets.annotation_checks import SampleChecker
from trimodal.datasets.annotation_types import (
    AnnotationError,
    AnnotationFile,
    Fault,
    SampleAnnotation,
)

__all__ = [
    'AnnotationError',
    'AnnotationFile',
    'Fault',
    'SampleAnnotation',
    'load_annotations',
    'upright_size',
]

_CLASS_LISTS = ('classes', 'detection_classes')


def load_annotations(
    path: str | Path,
    *,
    skip_bad: bool = False,
    media_fields: Collection[str] | None = None,
    check_media: bool = True,
) -> tuple[AnnotationFile, list[Fault]]:
    """Read and check an annotation file.

    Args:
        path (str | Path): The JSON file.
        skip_bad (bool): Leave bad samples out instead of raising. Defaults
            to False.
        media_fields (Collection[str], optional): The ``*_path`` fields whose
            files must exist. Defaults to None: all of them.
        check_media (bool): Whether to look at the media files at all: that
            they exist, and that boxes lie inside the image. Defaults to True.

    Returns:
        tuple[AnnotationFile, list[Fault]]: The good samples, and what was
        wrong with the others.

    Raises:
        AnnotationError: If anything is wrong, with all the faults; with
            ``skip_bad`` only if the file as a whole can't be used.
    """
    path = Path(path)
    raw = _read_json(path)
    metainfo = dict(raw.get('metainfo') or {})
    reader = _Reader(metainfo, path.parent, media_fields, check_media)
    for position, item in enumerate(raw['samples']):
        reader.read(item, position)
    if reader.faults and not skip_bad:
        raise AnnotationError(str(path), reader.faults)
    return AnnotationFile(metainfo, reader.samples, path.parent), reader.faults


class _Reader:
    """Collects the good samples and the faults of one file."""

    def __init__(
        self,
        metainfo: Mapping[str, Any],
        root: Path,
        media_fields: Collection[str] | None,
        check_media: bool,
    ) -> None:
        self.classes, self.box_classes = map(metainfo.get, _CLASS_LISTS)
        self.root = root
        self.media_fields = media_fields
        self.check_media = check_media
        self.samples: list[SampleAnnotation] = []
        self.faults: list[Fault] = []
        self.first: dict[str, int] = {}
        self.target_length: int | None = None

    def read(self, raw: Any, position: int) -> None:
        check = SampleChecker(raw, position)
        boxes: dict[str, Any] = check.boxes(self.box_classes)
        sample = SampleAnnotation(
            id=check.sample_id,
            group=check.text('group'),
            label=check.label(self.classes),
            transcription=check.text('transcription'),
            target=check.target(),
            **boxes,
            media=check.media(),
            metadata=check.metadata(),
        )
        self._compare_with_others(sample, check, position)
        if self.check_media:
            self._look_at_files(sample, check)
        self.faults += check.faults
        if not check.faults:
            self.samples.append(sample)

    def _compare_with_others(
        self, sample: SampleAnnotation, check: SampleChecker, position: int
    ) -> None:
        first = self.first.setdefault(sample.id, position)
        if first != position:
            check.add(
                'id',
                sample.id,
                f'twice in the file: samples {first} and {position}, counted '
                'from 0',
            )
        if sample.target is None:
            return
        if self.target_length is None:
            self.target_length = len(sample.target)
        if len(sample.target) != self.target_length:
            check.add(
                'target',
                list(sample.target),
                f'has {len(sample.target)} value(s), those before it have '
                f'{self.target_length}',
            )

    def _look_at_files(
        self, sample: SampleAnnotation, check: SampleChecker
    ) -> None:
        for name, media in sample.media.items():
            wanted = self.media_fields is None or name in self.media_fields
            if wanted and not (self.root / media).is_file():
                check.add(name, media, f'no such file in {self.root}')
        image = sample.media.get('image_path')
        if image is None or sample.bboxes is None or not len(sample.bboxes):
            return
        size = upright_size(self.root / image)
        if size is not None:
            check.boxes_inside(size)


def upright_size(path: Path) -> tuple[int, int] | None:
    """Look up the size of a picture, its EXIF orientation undone.

    Args:
        path (Path): The file; only its head is read.

    Returns:
        tuple[int, int] | None: Width and height in pixels; None if it can't
        be read: that is for the preparation to report, with its reason.
    """
    try:
        with Image.open(path) as image:
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
            return image.size[::-1] if turned else image.size
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError):
        return None


def _read_json(path: Path) -> dict[str, Any]:
    def refuse(field_name: str, value: Any, reason: str) -> AnnotationError:
        return AnnotationError(
            str(path), [Fault('', field_name, value, reason)]
        )

    try:
        raw = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise refuse(
            'file', str(path), error.strerror or 'unreadable'
        ) from error
    except ValueError as error:
        raise refuse('file', str(path), f'no valid JSON: {error}') from error
    if not isinstance(raw, dict) or not isinstance(raw.get('samples'), list):
        raise refuse(
            'file', str(path), "must be an object with a list 'samples'"
        )
    metainfo = raw.get('metainfo')
    if metainfo is not None and not isinstance(metainfo, dict):
        raise refuse('metainfo', metainfo, 'must be an object')
    for name in _CLASS_LISTS:
        names = (metainfo or {}).get(name)
        if names is not None and not _are_class_names(names):
            raise refuse(
                f'metainfo.{name}', names, 'must be a list of different texts'
            )
    return raw


def _are_class_names(names: Any) -> bool:
    return (
        isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        and len(set(names)) == len(names)
    )
