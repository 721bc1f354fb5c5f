import json

import pytest

from tests.datasets.preparation.media import (
    write_annotations,
    write_image,
    write_sound,
)
from trimodal.datasets.annotations import AnnotationError, load_annotations


def test_a_good_file_is_read(tmp_path):
    write_sound(tmp_path / 'speech/a.wav')
    path = write_annotations(
        tmp_path,
        [
            {
                'id': 'a',
                'group': 'g',
                'speech_path': 'speech/a.wav',
                'video_path': None,
                'label': 1,
                'transcription': 'hello',
                'target': 0.73,
            },
            {'id': 'b'},
        ],
        {'classes': ['zero', 'one']},
    )
    file, faults = load_annotations(path)
    assert not faults
    assert file.metainfo == {'classes': ['zero', 'one']}
    assert file.root == tmp_path
    first, second = file.samples
    assert first.media == {'speech_path': 'speech/a.wav'}
    assert (first.label, first.target) == (1, (0.73,))
    assert second.to_json() == {'id': 'b'}


def bad_samples(folder):
    """Samples, and the (id, field) of each of their faults."""
    write_image(folder / 'i.png', (40, 30))
    box = {'class': 0, 'bbox': [30, 0, 50, 20]}
    samples = [
        {'id': 'good', 'target': [1, 2]},
        {'id': 'label', 'label': 5},
        {'id': 'good'},
        {'id': 'file', 'speech_path': 'no.wav', 'video_path': 'no.mp4'},
        {'id': 'box', 'image_path': 'i.png', 'bounding_boxes': [box]},
        {'id': 'target', 'target': 3},
        'text',
    ]
    return samples, [
        ('label', 'label'),
        ('good', 'id'),
        ('file', 'speech_path'),
        ('file', 'video_path'),
        ('box', 'bounding_boxes[0].bbox'),
        ('target', 'target'),
        ('#6', 'sample'),
    ]


def test_all_faults_come_at_once(tmp_path):
    samples, expected = bad_samples(tmp_path)
    path = write_annotations(tmp_path, samples, {'classes': ['p', 'q']})
    with pytest.raises(AnnotationError) as info:
        load_annotations(path)
    found = [(f.sample_id, f.field) for f in info.value.faults]
    assert found == expected
    for fault in info.value.faults:
        assert str(fault) in str(info.value)
    assert 'twice in the file: samples 0 and 2' in str(info.value)


def test_skip_bad_leaves_the_good_ones(tmp_path):
    samples, expected = bad_samples(tmp_path)
    path = write_annotations(tmp_path, samples, {'classes': ['p', 'q']})
    file, faults = load_annotations(path, skip_bad=True)
    assert [sample.id for sample in file.samples] == ['good']
    assert [(f.sample_id, f.field) for f in faults] == expected


def test_only_wanted_media_need_exist(tmp_path):
    sample = {'id': 'a', 'speech_path': 'a.wav', 'imu_path': 'a.csv'}
    path = write_annotations(tmp_path, [sample])
    _, faults = load_annotations(
        path, skip_bad=True, media_fields=['imu_path']
    )
    assert [fault.field for fault in faults] == ['imu_path']
    _, faults = load_annotations(path, skip_bad=True, check_media=False)
    assert not faults


def test_boxes_are_held_against_the_upright_picture(tmp_path):
    """Orientation 6 turns the 40 x 30 picture to 30 x 40."""
    write_image(tmp_path / 'i.jpg', (40, 30), orientation=6)
    tall = {'class': 0, 'bbox': [0, 0, 30, 40]}
    wide = {'class': 0, 'bbox': [0, 0, 40, 30]}
    samples = [
        {'id': str(i), 'image_path': 'i.jpg', 'bounding_boxes': [box]}
        for i, box in enumerate([tall, wide])
    ]
    path = write_annotations(tmp_path, samples)
    file, faults = load_annotations(path, skip_bad=True)
    assert [sample.id for sample in file.samples] == ['0']
    assert '30 x 40' in faults[0].reason


def test_an_unreadable_picture_is_left_to_the_preparation(tmp_path):
    (tmp_path / 'i.jpg').write_bytes(b'no picture')
    box = {'class': 0, 'bbox': [0, 0, 30, 40]}
    path = write_annotations(
        tmp_path,
        [{'id': 'a', 'image_path': 'i.jpg', 'bounding_boxes': [box]}],
    )
    assert load_annotations(path)[1] == []


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('{', 'no valid JSON'),
        ('[]', "list 'samples'"),
        ('{"samples": {}}', "list 'samples'"),
        ('{"samples": [], "metainfo": []}', 'object'),
        ('{"samples": [], "metainfo": {"classes": "ab"}}', 'different texts'),
        (
            '{"samples": [], "metainfo": {"classes": ["a", "a"]}}',
            'different texts',
        ),
        ('{"samples": [], "metainfo": {"classes": [1]}}', 'different texts'),
    ],
)
@pytest.mark.parametrize('skip_bad', [False, True])
def test_a_bad_file_is_refused(tmp_path, content, reason, skip_bad):
    path = tmp_path / 'annotations.json'
    path.write_text(content)
    with pytest.raises(AnnotationError, match=reason):
        load_annotations(path, skip_bad=skip_bad)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match='No such file'):
        load_annotations(tmp_path / 'annotations.json')


def test_non_ascii_text_survives(tmp_path):
    path = tmp_path / 'annotations.json'
    content = {'samples': [{'id': '样本', 'transcription': 'grüß dich'}]}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding='utf-8')
    (sample,) = load_annotations(path)[0].samples
    assert (sample.id, sample.transcription) == ('样本', 'grüß dich')
