import pickle

import numpy as np
import pytest
from PIL import Image

from tests.datasets.coco_files import write_coco
from trimodal.datasets import CocoDataset
from trimodal.datasets.annotations import AnnotationError
from trimodal.registry import DATASETS


@pytest.fixture
def root(tmp_path):
    return write_coco(tmp_path).parent


def build(root, **options):
    return DATASETS.build(
        {
            'type': 'CocoDataset',
            'ann_file': 'train.json',
            'data_root': str(root),
            'img_folder': 'images',
            **options,
        }
    )


def test_sample(root):
    dataset = build(root)
    assert len(dataset) == 3
    assert dataset.metainfo['detection_classes'] == ('cup', 'key')
    info = dataset[0]
    assert info['sample_id'] == '7'
    assert info['modalities'] == ('image',)
    assert info['ori_shape'] == info['img_shape'] == (30, 40)
    assert info['gt_bboxes'].tolist() == [[0, 0, 10, 8], [5, 5, 10, 10]]
    assert info['gt_bboxes_labels'].tolist() == [0, 1]
    assert 'gt_bboxes_crowds' not in info
    pixels = np.asarray(Image.open(root / 'images' / 'a.png'))
    np.testing.assert_array_equal(info['image'], pixels)
    assert dataset[2]['gt_bboxes'].shape == (0, 4)
    assert dataset.get_cat_ids(0) == [0, 1]


def test_packed(root):
    pipeline = [dict(type='Resize', size=(60, 20)), dict(type='PackInputs')]
    sample = build(root, pipeline=pipeline, keep_crowds=True)[0]
    assert sample['inputs']['image'].shape == (3, 60, 20)
    annotated = sample['data_samples']
    assert (annotated.ori_shape, annotated.img_shape) == ((30, 40), (60, 20))
    boxes = annotated.gt_instances
    assert boxes.bboxes[0].tolist() == [0, 0, 5, 16]
    assert boxes.crowds.tolist() == [False, False, True]


def test_other_modalities_are_absent(root):
    dataset = build(root, modalities=('speech', 'image'))
    info = dataset[0]
    assert info['modalities'] == ('speech', 'image')
    assert info['speech'] is None
    assert info['image'].shape == (30, 40, 3)
    with pytest.raises(ValueError, match=r"too, which are not .*\['speech'\]"):
        build(root, modalities=('speech',))


def test_prepared_and_kept(root):
    small = dict(image=dict(type='ImagePreparer', target_size=(15, 10)))
    dataset = build(root, preparation=small, cache=True)
    first, again = dataset[0], dataset[0]
    assert first['image'] is again['image']
    assert not first['image'].flags.writeable
    assert (first['ori_shape'], first['img_shape']) == ((30, 40), (15, 10))
    assert first['gt_bboxes'][0].tolist() == [0, 0, 2.5, 4]
    copy = pickle.loads(pickle.dumps(dataset))
    assert not copy.source._kept
    np.testing.assert_array_equal(copy[0]['image'], first['image'])


def test_another_picture_than_annotated_is_absent(root, monkeypatch):
    told = []
    monkeypatch.setattr(
        'mmengine.logging.MMLogger.warning',
        lambda self, text, *args: told.append(text % args),
    )
    Image.new('RGB', (30, 40)).save(root / 'images' / 'a.png')
    assert build(root)[0]['image'] is None
    assert 'is 30 x 40 pixels upright, but annotated as 40 x 30' in told[0]


def test_faults_and_filters(root):
    (root / 'images' / 'a.png').unlink()
    with pytest.raises(AnnotationError, match=r"'7'.*no such file"):
        build(root)
    assert len(build(root, skip_bad=True)) == 2
    assert len(build(root, skip_bad=True, filter_empty=True)) == 1
    with pytest.raises(ValueError, match='must be one annotation file'):
        CocoDataset([str(root / 'train.json')])
