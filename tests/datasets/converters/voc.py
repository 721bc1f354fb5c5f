"""A small data set of the VOC form."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image

Box = tuple[str, float, float, float, float]
BOXES: Mapping[str, list[Box]] = {
    'a': [('cell', 1, 1, 10, 8), ('dot', 5, 4, 40, 30)],
    'b': [('dot', 11, 6, 20, 15)],
    'c': [],
}
LISTS: Mapping[str, Iterable[str]] = {'train': 'ab', 'val': 'c'}


def xml_of(
    boxes: Iterable[Box],
    size: tuple[int, int] | None = (40, 30),
    filename: str = '',
    difficult: int = 0,
) -> str:
    parts = [f'<filename>{filename}</filename>']
    if size:
        parts += [
            f'<size><width>{size[0]}</width><height>{size[1]}</height></size>'
        ]
    for name, *corners in boxes:
        numbers = ''.join(
            f'<{key}>{value}</{key}>'
            for key, value in zip(
                ('xmin', 'ymin', 'xmax', 'ymax'), corners, strict=True
            )
        )
        parts += [
            f'<object><name>{name}</name><difficult>{difficult}</difficult>'
            f'<bndbox>{numbers}</bndbox></object>'
        ]
    return f'<annotation>{"".join(parts)}</annotation>'


def write_voc(
    root: Path,
    boxes: Mapping[str, list[Box]] = BOXES,
    lists: Mapping[str, Iterable[str]] = LISTS,
) -> Path:
    """Pictures of 40 x 30 pixels with these boxes."""
    for folder in ('Annotations', 'JPEGImages', 'ImageSets/Main'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, found in boxes.items():
        (root / 'Annotations' / f'{name}.xml').write_text(xml_of(found))
        Image.new('RGB', (40, 30)).save(root / 'JPEGImages' / f'{name}.jpg')
    for split, names in lists.items():
        path = root / 'ImageSets' / 'Main' / f'{split}.txt'
        path.write_text(''.join(f'{name}\n' for name in names))
    return root
