"""Data sets of the PASCAL VOC form to the COCO form.

VOC counts pixels from 1 and includes the last one; COCO's boxes lie between
the edges of pixels, from 0 to the width. A box of xmin to xmax therefore
becomes x = xmin - 1 with a width of xmax - xmin + 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from trimodal.datasets.converters.files import (
    ConversionError,
    claim_folder,
    to_json,
    write_file,
)
from trimodal.datasets.converters.voc_sources import (
    VocObject,
    VocPicture,
    read_lists,
    read_picture,
)

CONVENTIONS = ('voc', 'edges')


@dataclass(frozen=True)
class VocOptions:
    """What is converted, and how its numbers are read.

    Args:
        splits (Sequence[str]): Names of the lists in ``ImageSets/Main``.
            Defaults to (): those of train, val and test that are there.
        classes (Sequence[str]): Names, in the order of their numbers; any
            other is an error. Defaults to (): all that are found, sorted.
        convention (str): ``'voc'``: pixels are counted from 1, the last one
            included; ``'edges'``: the numbers are edges, 0 to the width.
            Defaults to 'voc'.

    Raises:
        ValueError: If a name stands twice or the convention is unknown.
    """

    splits: Sequence[str] = ()
    classes: Sequence[str] = ()
    convention: str = 'voc'

    def __post_init__(self) -> None:
        for name in ('splits', 'classes'):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f'{name} has a name twice: {[*values]}')
        if self.convention not in CONVENTIONS:
            raise ValueError(
                f'convention must be one of {CONVENTIONS}, got '
                f'{self.convention!r}'
            )


@dataclass
class VocReport:
    """What was converted, and what had to be mended.

    Args:
        counts (dict[str, dict[str, int]]): Pictures and boxes of each split.
        mended (list[str]): A line for each box that was dropped or cut.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    mended: list[str] = field(default_factory=list)


def convert_voc_to_coco(
    sources: Sequence[Path], out: Path, options: VocOptions | None = None
) -> VocReport:
    """Write ``OUT/annotations/{split}.json`` and ``OUT/images/``.

    A box without extent, or with none inside the picture, is dropped; one
    that reaches beyond it is cut. ``difficult`` becomes ``iscrowd``, COCO's
    only way to say that a box is neither to be found nor to be missed, and
    ``ignore``. Both are told in the report, which is in
    ``OUT/report.json``. A run that was stopped goes on where it stopped.

    Args:
        sources (Sequence[Path]): Folders with ``Annotations``,
            ``JPEGImages`` and ``ImageSets/Main``.
        out (Path): Output folder.
        options (VocOptions | None): None for their defaults. Defaults to
            None.

    Returns:
        VocReport: Counts, and the boxes that were mended.

    Raises:
        ConversionError: If a source can't be used, with the name of the
            file at fault, or ``out`` holds something else.
    """
    options = options or VocOptions()
    lists = read_lists(sources, options.splits)
    pictures = {
        name: read_picture(source, name)
        for names in lists.values()
        for name, source in names.items()
    }
    classes = _classes(pictures.values(), options.classes)
    report = VocReport()
    records = _records(pictures, classes, options.convention, report.mended)
    contents = {
        split: _content([records[name] for name in names], classes)
        for split, names in lists.items()
    }
    for split, content in contents.items():
        report.counts[split] = {
            'pictures': len(content['images']),
            'boxes': len(content['annotations']),
        }
    settings = {
        'splits': [*lists],
        'classes': [*classes],
        'convention': options.convention,
    }
    claim_folder(out, 'voc_to_coco', settings, contents)
    for picture in pictures.values():
        path = out / 'images' / picture.path.name
        if not path.exists():
            write_file(path, picture.path.read_bytes())
    write_file(out / 'report.json', to_json(asdict(report)))
    for split, content in contents.items():
        write_file(out / 'annotations' / f'{split}.json', to_json(content))
    return report


def _classes(
    pictures: Iterable[VocPicture], given: Sequence[str]
) -> tuple[str, ...]:
    if not given:
        return tuple(sorted({o.name for p in pictures for o in p.objects}))
    for picture in pictures:
        for item in picture.objects:
            if item.name not in given:
                raise ConversionError(
                    f'{picture.xml}: object {item.number} is a {item.name!r}, '
                    f'none of the classes {", ".join(given)}'
                )
    return tuple(given)


def _records(
    pictures: Mapping[str, VocPicture],
    classes: Sequence[str],
    convention: str,
    mended: list[str],
) -> dict[str, dict[str, Any]]:
    """The image and annotations of each picture; annotations lack an id."""
    numbers = {name: number for number, name in enumerate(classes, 1)}
    records = {}
    for image_id, name in enumerate(sorted(pictures), 1):
        picture = pictures[name]
        boxes = [
            {
                'image_id': image_id,
                'category_id': numbers[item.name],
                'bbox': bbox,
                'area': bbox[2] * bbox[3],
                'iscrowd': int(item.difficult),
                'ignore': int(item.difficult),
            }
            for item in picture.objects
            if (bbox := to_bbox(item, picture, convention, mended))
        ]
        width, height = picture.size
        image = {
            'id': image_id,
            'file_name': picture.path.name,
            'width': width,
            'height': height,
        }
        records[name] = {'image': image, 'boxes': boxes}
    return records


def to_bbox(
    item: VocObject, picture: VocPicture, convention: str, mended: list[str]
) -> list[float] | None:
    """A box in COCO's form.

    Args:
        item (VocObject): The box.
        picture (VocPicture): Its picture.
        convention (str): See :class:`VocOptions`.
        mended (list[str]): Gets a line if the box is cut or dropped.

    Returns:
        list[float] | None: x, y, width, height; None if nothing is left.
    """
    xmin, ymin, xmax, ymax = item.corners
    numbers = ', '.join(f'{value:g}' for value in item.corners)
    where = f'{picture.xml}: object {item.number} ({item.name}) [{numbers}]'
    # Taken as pixels, a single point would be a box of one pixel; what
    # wrote it was a click that failed.
    if xmax <= xmin or ymax <= ymin:
        mended.append(f'{where} is degenerate: dropped')
        return None
    shift = 1 if convention == 'voc' else 0
    width, height = picture.size
    whole = (xmin - shift, ymin - shift, xmax, ymax)
    left, right = (min(max(x, 0), width) for x in whole[::2])
    top, bottom = (min(max(y, 0), height) for y in whole[1::2])
    size = f'{width} x {height}'
    if right <= left or bottom <= top:
        mended.append(f'{where} lies outside of {size} pixels: dropped')
        return None
    if (left, top, right, bottom) != whole:
        mended.append(f'{where} reaches beyond {size} pixels: cut')
    return [left, top, right - left, bottom - top]


def _content(
    records: Sequence[Mapping[str, Any]], classes: Sequence[str]
) -> dict[str, Any]:
    boxes = [box for record in records for box in record['boxes']]
    return {
        'info': {'description': 'Converted from PASCAL VOC by trimodal'},
        'images': [record['image'] for record in records],
        'annotations': [
            {'id': number, **box} for number, box in enumerate(boxes, 1)
        ],
        'categories': [
            {'id': number, 'name': name}
            for number, name in enumerate(classes, 1)
        ],
    }
