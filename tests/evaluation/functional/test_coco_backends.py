import importlib.util

import numpy as np
import pytest

from tests.evaluation.functional.boxes import random_boxes
from trimodal.evaluation.functional import choose_backend
from trimodal.evaluation.functional.coco_backends import match_boxes
from trimodal.evaluation.functional.coco_json import (
    coco_dataset,
    coco_detections,
)


@pytest.mark.parametrize('crowds', [False, True])
@pytest.mark.parametrize('max_dets', [(1, 10, 100), (3, 20)])
def test_backends_agree(crowds, max_dets):
    predicted, true = random_boxes(crowds=crowds, ties=True)
    images = [{'id': i + 1} for i in range(len(true))]
    categories = [{'id': i, 'name': str(i)} for i in (4, 9, 7)]
    dataset = coco_dataset(true, images, categories)
    found = coco_detections(predicted, images, categories)
    for number, item in enumerate(found, 1):
        item.update(
            id=number, iscrowd=0, area=item['bbox'][2] * item['bbox'][3]
        )
    ids = [image['id'] for image in images][:-2]
    one, two = (
        match_boxes(dataset, found, ids, max_dets, backend)
        for backend in ('pycocotools', 'faster_coco_eval')
    )
    assert one.precision.shape == (10, 101, 3, 4, len(max_dets))
    assert one.recall.shape == (10, 3, 4, len(max_dets))
    assert one.recall.max() > 0.5
    np.testing.assert_allclose(one.precision, two.precision, atol=1e-6)
    np.testing.assert_allclose(one.recall, two.recall, atol=1e-6)
    assert 'ignore' not in dataset['annotations'][0]


def test_the_faster_one_is_chosen_where_it_is(monkeypatch):
    assert choose_backend('auto') == 'faster_coco_eval'
    assert choose_backend('pycocotools') == 'pycocotools'
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        'find_spec',
        lambda name: None if 'faster' in name else there(name),
    )
    assert choose_backend('auto') == 'pycocotools'
    with pytest.raises(ValueError, match='pip install faster-coco-eval'):
        choose_backend('faster_coco_eval')


def test_no_such_backend():
    with pytest.raises(
        ValueError, match=r"backend must be one of .*, got 'c'"
    ):
        choose_backend('c')
