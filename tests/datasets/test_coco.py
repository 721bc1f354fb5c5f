import json

import numpy as np
import pytest

from tests.datasets.coco_files import box, coco_content, write_coco
from trimodal.datasets.annotations import AnnotationError
from trimodal.datasets.coco import load_coco


def load(path, **options):
    return load_coco(path, path.parent / 'images', **options)


def faults_of(path):
    with pytest.raises(AnnotationError) as caught:
        load(path)
    return [(f.sample_id, f.field, f.reason) for f in caught.value.faults]


def test_samples_in_the_order_of_the_file(tmp_path):
    file, faults = load(write_coco(tmp_path))
    assert not faults
    assert file.metainfo == {
        'detection_classes': ['cup', 'key'],
        'detection_category_ids': [9, 2],
    }
    a, b, c = file.samples
    assert [s.id for s in file.samples] == ['7', '3', '12']
    assert a.ori_shape == (30, 40)
    assert a.media == {'image_path': 'a.png'}
    np.testing.assert_array_equal(a.bboxes, [[0, 0, 10, 8], [5, 5, 10, 10]])
    assert a.bboxes.dtype == np.float32
    np.testing.assert_array_equal(a.bbox_labels, [0, 1])
    assert a.bbox_crowds is None
    # It reaches beyond the picture.
    np.testing.assert_array_equal(b.bboxes, [[30, 20, 40, 30]])
    assert c.bboxes.shape == (0, 4)


def test_crowds_can_be_kept(tmp_path):
    file, _ = load(write_coco(tmp_path), keep_crowds=True)
    a, b, _ = file.samples
    assert a.bbox_crowds.tolist() == [False, False, True]
    assert b.bbox_crowds is None


def test_empty_pictures_can_be_left_out(tmp_path):
    file, _ = load(write_coco(tmp_path), filter_empty=True)
    assert [s.id for s in file.samples] == ['7', '3']


def test_boxes_without_extent_are_left_out(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(
        'mmengine.logging.MMLogger.warning',
        lambda self, text, *args: told.append(text % args),
    )
    content = coco_content()
    content['annotations'] += [
        box(5, 12, 9, [3, 3, 0, 4]),
        box(6, 12, 9, [40, 3, 5, 4]),
    ]
    file, _ = load(write_coco(tmp_path, content))
    assert file.samples[2].bboxes.shape == (0, 4)
    assert len(told) == 1
    assert 'left out 2 boxes' in told[0]
    assert told[0].endswith('the first is annotation 5')


def test_without_annotations_nothing_is_known(tmp_path):
    content = coco_content()
    del content['annotations']
    file, _ = load(write_coco(tmp_path, content), filter_empty=True)
    assert [s.bboxes for s in file.samples] == [None] * 3


def test_size_may_be_untold(tmp_path):
    content = coco_content()
    for image in content['images']:
        del image['height'], image['width']
    file, _ = load(write_coco(tmp_path, content))
    assert file.samples[1].ori_shape is None
    assert file.samples[1].bboxes.tolist() == [[30, 20, 50, 40]]


def test_faults_of_samples(tmp_path):
    content = coco_content()
    content['images'][0]['height'] = 0
    content['annotations'] += [
        box(5, 3, 77, [0, 0, 1, 1]),
        {**box(6, 3, 9, [0, 0, 1, 1]), 'bbox': [0, 0, None, 2]},
        box(7, 99, 9, [0, 0, 1, 1]),
    ]
    path = write_coco(tmp_path, content)
    (tmp_path / 'images' / 'c.png').unlink()
    assert faults_of(path) == [
        (
            '7',
            'height, width',
            'must be two whole numbers above 0, or left out',
        ),
        ('3', 'category_id of annotation 5', 'no such category in the file'),
        (
            *('3', 'bbox of annotation 6'),
            'must be four finite numbers x, y, width, height',
        ),
        ('12', 'file_name', f'no such file in {tmp_path / "images"}'),
        ('', 'image_id of annotation 7', 'no such picture in the file'),
    ]
    file, faults = load(path, skip_bad=True)
    assert (file.samples, len(faults)) == ([], 5)


def test_ids_of_another_kind(tmp_path):
    content = coco_content()
    content['images'].append({'id': [3], 'file_name': 'c.png'})
    content['annotations'] += [
        box(5, 3, 77, [0, 0, 1, 1]) | {'category_id': [7]},
        box(6, 3, 77, [0, 0, 1, 1]) | {'image_id': {}},
    ]
    assert faults_of(write_coco(tmp_path, content)) == [
        ('3', 'category_id of annotation 5', 'no such category in the file'),
        ('[3]', 'id', 'must be a whole number or a text'),
        ('', 'image_id of annotation 6', 'no such picture in the file'),
    ]


def test_a_picture_twice(tmp_path):
    content = coco_content()
    content['images'].append(content['images'][0])
    assert faults_of(write_coco(tmp_path, content)) == [
        ('7', 'id', 'twice in the file')
    ]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'images': None}, 'images.*must be a list of objects'),
        ({'categories': [1]}, 'categories.*must be a list of objects'),
        ({'categories': [{'id': 1}]}, 'needs an id and a name'),
        (
            {'categories': [{'id': 1, 'name': 'a'}, {'id': 1, 'name': 'b'}]},
            'categories.*an id stands twice',
        ),
        ({'annotations': {}}, 'annotations.*must be a list of objects'),
    ],
)
def test_a_file_of_another_form(tmp_path, change, message):
    path = write_coco(tmp_path)
    path.write_text(json.dumps({**coco_content(), **change}))
    with pytest.raises(AnnotationError, match=message):
        load(path, skip_bad=True)


def test_no_file_and_no_json(tmp_path):
    with pytest.raises(AnnotationError, match='No such file'):
        load(tmp_path / 'none.json')
    path = tmp_path / 'a.json'
    for text, message in (('{', 'no valid JSON'), ('[]', 'must be an object')):
        path.write_text(text)
        with pytest.raises(AnnotationError, match=message):
            load(path)
