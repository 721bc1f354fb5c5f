import numpy as np
import pytest

from tests.datasets.converters.sources import write_packed, write_pictures
from trimodal.datasets import PackedTriModalDataset
from trimodal.datasets.converters import (
    DetectionOptions,
    convert_tridigits_det,
)
from trimodal.datasets.converters.tridigits_annotations import WORDS
from trimodal.datasets.converters.tridigits_canvas import INK


@pytest.fixture(scope='module')
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp('det')
    write_pictures(folder / 'mnist')
    packed = write_packed(folder / 'packed')
    options = DetectionOptions(train=300, val=10, test=10)
    convert_tridigits_det(packed, folder / 'mnist', folder / 'out', options)
    dataset = PackedTriModalDataset(str(folder / 'out' / 'train.h5'))
    assert dataset.metainfo['detection_classes'] == ('asked digit',)
    assert dataset.metainfo['classes'] == WORDS
    assert dataset.metainfo['options']['max_digits'] == 5
    return [dataset[index] for index in range(300)]


def test_every_annotation_follows_from_what_is_shown(samples):
    for sample in samples:
        shown = sample['metadata']['shown']
        digits = [item['digit'] for item in shown]
        asked = sample['gt_label']
        assert (sample['speech'] == asked).all()
        assert len(set(digits)) == len(digits)
        assert sample['gt_text'] == WORDS[asked]
        assert sample['gt_value'] == [sum(digits) - asked]
        box = shown[digits.index(asked)]['bbox']
        np.testing.assert_array_equal(sample['gt_bboxes'], [box])
        np.testing.assert_array_equal(sample['gt_bboxes_labels'], [0])


def test_boxes_hold_all_the_ink(samples):
    for sample in samples[:50]:
        picture = sample['image'].copy()
        assert picture.shape == (96, 96, 3)
        for item in sample['metadata']['shown']:
            x1, y1, x2, y2 = map(int, item['bbox'])
            assert (picture[y1:y2, x1:x2] >= INK).any()
            picture[y1:y2, x1:x2] = 0
        assert not picture.any()


def test_numbers_of_digits(samples):
    counts = [len(sample['metadata']['shown']) for sample in samples]
    assert np.bincount(counts).nonzero()[0].tolist() == [3, 4, 5]


def test_the_picture_does_not_tell_which_one_is_asked_for(samples):
    """Neither place nor size nor order tells; chance is one in four."""
    ranks = {'first': [], 'left': [], 'large': []}
    chance = []
    for sample in samples:
        shown = sample['metadata']['shown']
        boxes = np.array([item['bbox'] for item in shown])
        asked = [item['digit'] for item in shown].index(sample['gt_label'])
        areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        ranks['first'].append(asked == 0)
        ranks['left'].append(asked == boxes[:, 0].argmin())
        ranks['large'].append(asked == areas.argmax())
        chance.append(1 / len(shown))
    deviation = np.sqrt(np.mean(chance) * (1 - np.mean(chance)) / 300)
    for hits in ranks.values():
        assert abs(np.mean(hits) - np.mean(chance)) < 3 * deviation


@pytest.mark.parametrize(
    'options', [(1, 3), (4, 3), (3, 7)], ids=['few', 'swapped', 'many']
)
def test_bad_options(options):
    fewest, most = options
    message = f'max_digits <= 6, got {fewest} and {most}'
    with pytest.raises(ValueError, match=message):
        DetectionOptions(min_digits=fewest, max_digits=most)
    with pytest.raises(ValueError, match='val must be >= 1'):
        DetectionOptions(val=0)
