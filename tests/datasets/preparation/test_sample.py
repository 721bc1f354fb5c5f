import numpy as np
import pytest

from tests.datasets.preparation.media import (
    FAST,
    write_image,
    write_sound,
)
from tests.datasets.preparation.plugin import CONFIG, ReadingsPreparer
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.preparation.base import Problem
from trimodal.datasets.preparation.sample import (
    build_preparers,
    prepare_sample,
)


def test_preparers_are_built_in_order():
    ready = ReadingsPreparer(2.0)
    preparers = build_preparers({'imu': ready, **FAST, 'gesture': None})
    assert list(preparers) == ['imu', 'speech', 'image']
    assert preparers['imu'] is ready
    assert preparers['speech'].target_sample_rate == 8000


def test_no_preparer_is_an_error():
    with pytest.raises(ValueError, match='at least one'):
        build_preparers({'speech': None})


def test_a_mistyped_argument_raises():
    with pytest.raises(TypeError, match='target_sample_rat'):
        build_preparers(
            {'speech': dict(type='SpeechPreparer', target_sample_rat=8000)}
        )


def test_a_sample_of_everything(tmp_path):
    write_sound(tmp_path / 'a.wav')
    write_image(tmp_path / 'a.png', (40, 30))
    (tmp_path / 'a.txt').write_text('1 2')
    sample = SampleAnnotation(
        'a',
        bboxes=np.array([[0, 0, 40, 30]], np.float32),
        bbox_labels=np.array([0]),
        media={
            'speech_path': 'a.wav',
            'image_path': 'a.png',
            'imu_path': 'a.txt',
        },
    )
    preparers = build_preparers({**FAST, 'imu': {**CONFIG, 'factor': 2}})
    annotation, arrays, problems = prepare_sample(sample, tmp_path, preparers)
    assert not problems
    assert arrays['speech']['data'].dtype == np.int16
    assert arrays['image']['data'].shape == (16, 16, 3)
    np.testing.assert_array_equal(arrays['imu']['data'], [2, 4])
    np.testing.assert_array_equal(annotation.bboxes, [[0, 0, 16, 16]])


def test_what_is_missing_bad_or_empty_is_absent(tmp_path):
    write_sound(tmp_path / 'silent.wav', np.zeros(800, np.float32))
    (tmp_path / 'a.png').write_bytes(b'no picture')
    (tmp_path / 'a.txt').write_text('words')
    sample = SampleAnnotation(
        'a',
        media={
            'speech_path': 'silent.wav',
            'image_path': 'a.png',
            'imu_path': 'a.txt',
        },
    )
    preparers = build_preparers({**FAST, 'imu': CONFIG, 'other': CONFIG})
    preparers['other'].fields = ('other_path',)
    annotation, arrays, problems = prepare_sample(sample, tmp_path, preparers)
    assert annotation is sample
    assert arrays == dict.fromkeys(['speech', 'image', 'imu', 'other'])
    silent, picture, words = problems
    assert silent == Problem(
        'a', 'speech', 'silent.wav', 'empty', 'nothing but silence'
    )
    assert (picture.file, picture.kind) == ('a.png', 'unreadable')
    assert picture.reason.startswith('can not be decoded')
    # An error that the preparer did not foresee names its kind.
    assert words.reason.startswith('ValueError: could not convert')
