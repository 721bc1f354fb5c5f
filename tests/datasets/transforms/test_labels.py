"""Several classes a sample."""

import numpy as np
import pytest

from tests.datasets.transforms.samples import make_sample
from trimodal.datasets.transforms import CollectLabels, PackInputs


def collected(results: dict, source: str = 'boxes'):
    return CollectLabels(source)(results).get('gt_label')


def test_the_classes_of_boxes():
    sample = make_sample()
    sample['gt_label'] = 5
    assert collected(sample).tolist() == [0, 1, 2]
    assert sample['gt_label'] == 5
    packed = PackInputs()(CollectLabels()(sample))
    assert packed['data_samples'].gt_label.tolist() == [0, 1, 2]


def test_no_box_is_no_class_but_an_annotation():
    got = collected({'gt_bboxes_labels': np.zeros(0, np.int64)})
    assert got.dtype == np.int64
    assert got.tolist() == []


def test_the_classes_of_metadata():
    sample = {'metadata': {'classes': [4, 1]}, 'gt_label': 0}
    assert collected(sample, 'classes').tolist() == [1, 4]
    assert collected({'metadata': {'classes': []}}, 'classes').tolist() == []


@pytest.mark.parametrize('sample', [{}, {'metadata': {}}])
@pytest.mark.parametrize('source', ['boxes', 'classes'])
def test_what_is_not_annotated_has_no_label(sample, source):
    assert collected({**sample, 'gt_label': 0}, source) is None


@pytest.mark.parametrize('value', ['cat', [0.5], [-1], [[0], [1]], 3])
def test_metadata_that_cannot_be(value):
    sample = {'sample_id': 'a', 'metadata': {'classes': value}}
    with pytest.raises(ValueError, match=r"'classes' must be .* sample 'a'"):
        collected(sample, 'classes')


def test_bad_argument():
    with pytest.raises(ValueError, match='source'):
        CollectLabels('')
