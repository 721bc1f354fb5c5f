import math

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.evaluation.functional.boxes import random_boxes
from trimodal.evaluation.functional import Boxes, box_scores, coco_scores
from trimodal.evaluation.functional.coco_json import (
    coco_dataset,
    coco_detections,
)

BACKENDS = ('pycocotools', 'faster_coco_eval')
NAMES = [
    *('AP', 'AP50', 'AP75', 'AP_s', 'AP_m', 'AP_l'),
    *('AR@1', 'AR@10', 'AR@100', 'AR_s', 'AR_m', 'AR_l'),
]


@pytest.mark.parametrize('crowds', [False, True])
@pytest.mark.parametrize('backend', BACKENDS)
def test_figures_and_table_are_those_of_pycocotools(backend, crowds, capsys):
    """Through its own front door: loadRes and summarize."""
    predicted, true = random_boxes(crowds=crowds, ties=True)
    images = [{'id': i + 1} for i in range(len(true))]
    # The last class never occurs.
    categories = [{'id': i + 1, 'name': str(i)} for i in range(4)]
    dataset = coco_dataset(true, images, categories)
    found = coco_detections(predicted, images, categories)
    scores = coco_scores(dataset, found, backend=backend)
    api = COCO()
    api.dataset = dataset
    api.createIndex()
    evaluation = COCOeval(api, api.loadRes(found), 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    capsys.readouterr()
    evaluation.summarize()
    assert capsys.readouterr().out.rstrip() == scores.table()
    assert list(scores.to_dict()) == NAMES
    np.testing.assert_allclose(
        [*scores.to_dict().values()], evaluation.stats, atol=1e-6
    )
    assert math.isnan(scores.per_class[3])
    mean = np.nanmean(scores.per_class)
    assert mean == pytest.approx(scores.to_dict()['AP'], abs=1e-9)


@pytest.mark.parametrize('backend', BACKENDS)
def test_by_hand(backend):
    """Of two boxes one is found, overlapping by 0.8, after one mistake."""
    true = Boxes(
        np.array([[0, 0, 10, 10], [50, 50, 60, 60]]), np.zeros(2, int)
    )
    found = Boxes(
        np.array([[20, 20, 30, 30], [0, 0, 10, 8]]),
        np.zeros(2, int),
        np.array([0.9, 0.6]),
    )
    scores = box_scores([found], [true], backend=backend).to_dict()
    # Precision 1/2 up to recall 1/2: 51 of 101 levels.
    half = 51 / 101 / 2
    assert scores['AP50'] == pytest.approx(half)
    assert scores['AP75'] == pytest.approx(half)
    assert scores['AP'] == pytest.approx(half * 7 / 10)
    assert scores['AR@1'] == 0
    assert scores['AR@10'] == pytest.approx(0.5 * 7 / 10)
    assert scores['AP_s'] == scores['AP']
    assert math.isnan(scores['AP_l'])


@pytest.mark.parametrize('backend', BACKENDS)
def test_no_detections_are_zero_and_no_truth_is_nan(backend):
    predicted, true = random_boxes()
    none = Boxes(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))
    nothing = [none] * len(true)
    found = box_scores(nothing, true, backend=backend)
    assert set(found.to_dict().values()) == {0.0}
    unasked = box_scores(predicted, nothing, backend=backend)
    assert np.isnan([*unasked.to_dict().values()]).all()
    assert unasked.table().count('= -1.000') == 12
    neither = box_scores(nothing, nothing, backend=backend)
    assert np.isnan([*neither.to_dict().values()]).all()
    assert neither.per_class.shape == (0,)
    assert len(box_scores([], [], backend=backend).figures) == 12


@pytest.mark.parametrize('backend', BACKENDS)
def test_all_crowds(backend):
    predicted, true = random_boxes()
    crowds = [
        Boxes(t.bboxes, t.labels, None, np.ones(len(t.labels), bool))
        for t in true
    ]
    scores = box_scores(predicted, crowds, backend=backend).to_dict()
    assert np.isnan([*scores.values()]).all()


def test_other_numbers_of_detections():
    predicted, true = random_boxes()
    usual, few = (
        box_scores(predicted, true, max_dets=m).to_dict()
        for m in ((1, 10, 100), (2, 5))
    )
    assert {'AR@2', 'AR@5'} <= set(few)
    assert 'AR@100' not in few
    assert few['AP'] < usual['AP']


def test_one_box_list_a_picture():
    predicted, true = random_boxes()
    with pytest.raises(ValueError, match=r'shorter|longer'):
        box_scores(predicted[1:], true)


def test_classes_stay_in_the_order_of_the_data_set():
    predicted, true = random_boxes()
    expected = box_scores(predicted, true)
    images = [{'id': i + 1} for i in range(len(true))]
    categories = [{'id': i, 'name': str(i)} for i in (9, 2, 5)]
    dataset = coco_dataset(true, images, categories)
    found = coco_detections(predicted, images, categories)
    scores = coco_scores(dataset, found)
    np.testing.assert_allclose(scores.per_class, expected.per_class)
