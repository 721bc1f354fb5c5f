from pathlib import Path

import pytest

from trimodal.datasets.converters.tridigits_annotations import (
    WORDS,
    TriDigitsOptions,
    annotation_file,
    camera_motion,
    media_paths,
)
from trimodal.datasets.converters.tridigits_pairing import (
    DigitSample,
    Picture,
)
from trimodal.datasets.converters.tridigits_sources import Clip, Photo

SAMPLE = DigitSample(
    '3_ann_7_0',
    'test',
    Clip(Path('/somewhere/recordings/3_ann_7.wav'), 3, 'ann', 7),
    Photo(Path('/somewhere/Dataset/3/IMG_1003.JPG'), 3, 1003, 12),
    Picture('t10k', 42, 3),
)


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        ({'fsdd_split': 'random'}, "speaker, official, got 'random'"),
        ({'per_clip': 0}, 'per_clip must be >= 1, got 0'),
        ({'frames': 0}, 'frames must be >= 1, got 0'),
        ({'fps': 0}, 'fps must be >= 1, got 0'),
        ({'seed': -1}, 'seed must be >= 0, got -1'),
    ],
)
def test_options_are_checked(wrong, message):
    with pytest.raises(ValueError, match=message):
        TriDigitsOptions(**wrong)


def test_files_are_named_by_what_they_hold():
    assert media_paths(SAMPLE) == {
        'speech_path': 'speech/3_ann_7.wav',
        'video_path': 'video/3_ann_7_0.mp4',
        'image_path': 'images/t10k_00042.png',
    }


def test_the_camera_depends_on_sample_and_seed():
    assert camera_motion(SAMPLE, 0) == camera_motion(SAMPLE, 0)
    assert camera_motion(SAMPLE, 0) != camera_motion(SAMPLE, 1)


def test_an_entry_says_what_it_is_made_of():
    options = TriDigitsOptions(frames=15)
    content = annotation_file([SAMPLE], options, {'students': 177})
    (entry,) = content['samples']
    metadata = entry.pop('metadata')
    assert entry == {
        'id': '3_ann_7_0',
        'group': 'ann',
        **media_paths(SAMPLE),
        'label': 3,
        'transcription': 'three',
    }
    assert metadata.pop('camera') == camera_motion(SAMPLE, 0).to_dict()
    assert metadata == {
        'duration': 0.5,
        'fps': 30,
        'resolution': [256, 256],
        'recording': '3_ann_7.wav',
        'student': 12,
        'photo': '3/IMG_1003.JPG',
        'picture': 't10k 42',
    }


def test_the_head_says_how_it_was_made():
    content = annotation_file([SAMPLE], TriDigitsOptions(), {'students': 177})
    head = content['metainfo']
    assert head['classes'] == list(WORDS)
    assert len(WORDS) == 10
    assert head['options']['test_speaker'] == 'yweweler'
    assert head['source_counts'] == {'students': 177}
    assert head['counts'] == {
        'samples': 1,
        'speakers': 1,
        'recordings': 1,
        'students': 1,
        'photos': 1,
        'pictures': 1,
    }
    assert 'share no speaker' in head['notes'][0]
    official = annotation_file(
        [SAMPLE], TriDigitsOptions(fsdd_split='official'), {}
    )
    assert 'same speakers' in official['metainfo']['notes'][0]
