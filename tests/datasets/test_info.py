import cv2
import numpy as np
import pytest

from trimodal.datasets.info import (
    check_encodings,
    decode_jpeg,
    merge_metainfo,
    put_annotation,
    put_stream,
)


def test_annotation_keys():
    info = {'group': None}
    boxes = np.zeros((1, 4), np.float32)
    put_annotation(
        info,
        {
            **{'id': 'a', 'label': 3, 'transcription': 'hi'},
            **{'target': (0.5,), 'bboxes': boxes, 'metadata': {'x': 1}},
        },
    )
    assert info['gt_value'].dtype == np.float32
    assert info.pop('gt_value').tolist() == [0.5]
    assert info.pop('gt_bboxes') is boxes
    assert info == {
        **{'sample_id': 'a', 'group': None, 'gt_label': 3},
        **{'gt_text': 'hi', 'metadata': {'x': 1}},
    }


def test_size_on_disk_goes_before_that_of_the_stored_picture():
    info = {}
    put_annotation(info, {'id': 'a', 'ori_shape': np.array([480, 640])})
    put_stream(info, 'image', {'data': np.zeros((6, 8, 3), np.uint8)}, ())
    assert info['ori_shape'] == (480, 640)
    assert info['img_shape'] == (6, 8)


def test_absent_stream():
    info = {}
    put_stream(info, 'image', None, ('score',))
    assert info == {'image': None}


def test_stream_with_extras():
    info = {}
    data, score = np.zeros((2, 3)), np.ones(2)
    arrays = {'data': data, 'score': score, 'valid': score > 0}
    put_stream(info, 'gesture', arrays, ('score', 'other'))
    assert set(info) == {'gesture', 'gesture_score'}
    assert info['gesture'] is data


def test_jpeg():
    # A flat colour survives the compression; BGR on OpenCV's side.
    image = np.full((16, 24, 3), (10, 100, 200), np.uint8)
    _, encoded = cv2.imencode('.jpg', image[..., ::-1])
    stored = encoded.ravel()
    stored.flags.writeable = False
    info = {}
    put_stream(info, 'image', {'data': stored}, (), 'jpeg')
    assert info['image'].dtype == np.uint8
    assert np.abs(info['image'].astype(int) - image).max() <= 2
    assert info['ori_shape'] == info['img_shape'] == (16, 24)


def test_corrupt_jpeg():
    with pytest.raises(ValueError, match='9 bytes of a picture cannot'):
        decode_jpeg(np.zeros(9, np.uint8))


def test_encodings():
    streams = {'speech': {}, 'image': {'encoding': 'jpeg'}}
    assert check_encodings(streams) == {'speech': 'raw', 'image': 'jpeg'}
    with pytest.raises(ValueError, match=r"image has encoding 'gif'; known"):
        check_encodings({'image': {'encoding': 'gif'}})


def test_metainfo_of_the_config_goes_before():
    merged = merge_metainfo(
        {'classes': ['null', 'eins'], 'a': 1},
        {'classes': ['zero', 'one'], 'b': 2, 'detection_classes': ['cup']},
    )
    assert merged == {
        'classes': ('null', 'eins'),
        'detection_classes': ('cup',),
        'a': 1,
        'b': 2,
    }


def test_other_number_of_classes():
    with pytest.raises(ValueError, match=r'has 1 names, .* count 2'):
        merge_metainfo({'classes': ['a']}, {'classes': ['a', 'b']})
    # Where the file names none, the config may.
    assert merge_metainfo({'classes': ['a']}, {})['classes'] == ('a',)
