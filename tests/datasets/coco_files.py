"""A small folder of the COCO form."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def coco_content() -> dict[str, Any]:
    """Three pictures; category ids with holes, not from 0."""
    return {
        'images': [
            {'id': 7, 'file_name': 'a.png', 'height': 30, 'width': 40},
            {'id': 3, 'file_name': 'b.png', 'height': 30, 'width': 40},
            {'id': 12, 'file_name': 'c.png', 'height': 30, 'width': 40},
        ],
        'annotations': [
            box(1, 7, 9, [0, 0, 10, 8]),
            box(2, 3, 2, [30, 20, 20, 20]),
            box(3, 7, 2, [5, 5, 5, 5]),
            box(4, 7, 2, [5, 5, 20, 5], iscrowd=1),
        ],
        'categories': [{'id': 9, 'name': 'cup'}, {'id': 2, 'name': 'key'}],
    }


def box(number: int, image: int, category: int, bbox, iscrowd=0) -> dict:
    return {
        'id': number,
        'image_id': image,
        'category_id': category,
        'bbox': bbox,
        'area': bbox[2] * bbox[3],
        'iscrowd': iscrowd,
    }


def write_coco(root: Path, content: dict[str, Any] | None = None) -> Path:
    """Write the file, and a picture for each that it names."""
    content = content or coco_content()
    (root / 'images').mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for image in content['images']:
        pixels = rng.integers(0, 256, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).save(root / 'images' / image['file_name'])
    path = root / 'train.json'
    path.write_text(json.dumps(content))
    return path
