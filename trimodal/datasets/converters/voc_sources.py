"""Reading data sets of the PASCAL VOC form: lists, an XML file a picture."""

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trimodal.datasets.annotations import upright_size
from trimodal.datasets.converters.files import ConversionError

USUAL_SPLITS = ('train', 'val', 'test')
CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')
SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.JPG', '.JPEG', '.PNG')


@dataclass(frozen=True)
class VocObject:
    """One box, as the file has it.

    Args:
        number (int): Its place in the file, from 1.
        name (str): Of its class.
        corners (tuple[float, ...]): xmin, ymin, xmax, ymax.
        difficult (bool): Whether it is marked as one not to be counted.
    """

    number: int
    name: str
    corners: tuple[float, ...]
    difficult: bool


@dataclass(frozen=True)
class VocPicture:
    """A picture and its objects.

    Args:
        path (Path): The picture.
        size (tuple[int, int]): Its width and height in pixels, upright.
        xml (Path): Its annotation.
        objects (tuple[VocObject, ...]): In the order of the file.
    """

    path: Path
    size: tuple[int, int]
    xml: Path
    objects: tuple[VocObject, ...]


def read_lists(
    sources: Sequence[Path], splits: Sequence[str] = ()
) -> dict[str, dict[str, Path]]:
    """Read which pictures belong to which split.

    Args:
        sources (Sequence[Path]): Folders of the VOC form.
        splits (Sequence[str]): Names of lists. Defaults to (): those of
            train, val and test that are there.

    Returns:
        dict[str, dict[str, Path]]: For each split, in its order, the name
        of each picture and the source it is in.

    Raises:
        ConversionError: If a list is missing in all sources, empty or not
            a name a line, or two sources have pictures of one name.
    """
    found: dict[str, dict[str, Path]] = {}
    owner: dict[str, Path] = {}
    folders = ', '.join(map(str, sources))
    for split in splits or USUAL_SPLITS:
        paths = {s: s / 'ImageSets' / 'Main' / f'{split}.txt' for s in sources}
        paths = {s: path for s, path in paths.items() if path.is_file()}
        if not paths and splits:
            raise ConversionError(
                f'no ImageSets/Main/{split}.txt in {folders}'
            )
        for source, path in paths.items():
            for name in _read_list(path):
                if owner.setdefault(name, source) != source:
                    raise ConversionError(
                        f'{path}: {owner[name]} has a picture {name!r}, too'
                    )
                found.setdefault(split, {})[name] = source
    if not found:
        raise ConversionError(
            f'no list of {", ".join(USUAL_SPLITS)} in ImageSets/Main of '
            f'{folders}; name others with --splits'
        )
    return found


def _read_list(path: Path) -> list[str]:
    names = path.read_text(encoding='utf-8').splitlines()
    names = [name.strip() for name in names if name.strip()]
    for line, name in enumerate(names, 1):
        if len(name.split()) > 1:
            raise ConversionError(
                f'{path}, line {line}: must be one name, got {name!r}'
            )
    if not names:
        raise ConversionError(f'{path} names no picture')
    return names


def read_picture(source: Path, name: str) -> VocPicture:
    """Read the annotation of a picture, and look at the picture.

    Args:
        source (Path): Folder of the VOC form.
        name (str): Of the picture, as in the lists.

    Returns:
        VocPicture: Both; a size of 0 x 0 in the annotation, which some
        programs write, counts as not told.

    Raises:
        ConversionError: If one isn't there or can't be read, the annotation
            is not of the VOC form, or it is about a picture of another
            size; the message names the file and, where there is one, the
            object.
    """
    xml = source / 'Annotations' / f'{name}.xml'
    root = _parse(xml)
    path = _find_picture(source, name, root.findtext('filename'), xml)
    size = upright_size(path)
    if size is None:
        raise ConversionError(f'{path} can not be read as a picture')
    width, height = (
        int(_number(xml, 'size', root.findtext(f'size/{key}', '0')))
        for key in ('width', 'height')
    )
    if (width, height) not in (size, (0, 0)):
        raise ConversionError(
            f'{xml} is about {width} x {height} pixels, but {path} has '
            f'{size[0]} x {size[1]}'
        )
    objects = tuple(
        _object(xml, number, node)
        for number, node in enumerate(root.iterfind('object'), 1)
    )
    return VocPicture(path, size, xml, objects)


def _parse(path: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(path).getroot()
    except OSError as error:
        raise ConversionError(f'{path}: {error.strerror}') from error
    except ElementTree.ParseError as error:
        raise ConversionError(f'{path}: malformed XML: {error}') from error


def _find_picture(
    source: Path, name: str, filename: str | None, xml: Path
) -> Path:
    folder = source / 'JPEGImages'
    names = [f'{name}{suffix}' for suffix in SUFFIXES]
    # Only the last part: some programs write the path on their machine.
    names += [Path(filename.strip()).name] if filename else []
    for path in (folder / item for item in names):
        if path.is_file():
            return path
    raise ConversionError(f'{xml}: there is no picture {folder / name}.*')


def _object(path: Path, number: int, node: ElementTree.Element) -> VocObject:
    where = f'object {number}'
    name = (node.findtext('name') or '').strip()
    if not name:
        raise ConversionError(f'{path}: {where} has no name')
    where = f'{where} ({name})'
    corners = tuple(
        _number(path, f'{where}: {key}', node.findtext(f'bndbox/{key}', ''))
        for key in CORNERS
    )
    difficult = (node.findtext('difficult') or '0').strip()
    if difficult not in ('0', '1'):
        raise ConversionError(
            f'{path}: {where}: difficult must be 0 or 1, got {difficult!r}'
        )
    return VocObject(number, name, corners, difficult == '1')


def _number(path: Path, where: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConversionError(
            f'{path}: {where} must be a number, got {text.strip()!r}'
        )
    return value
