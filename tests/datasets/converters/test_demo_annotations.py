from dataclasses import replace

import pytest

from trimodal.datasets.converters.demo_annotations import (
    annotation_file,
    media_paths,
)
from trimodal.datasets.converters.demo_design import COMMANDS, DemoOptions
from trimodal.datasets.converters.demo_picture import object_box
from trimodal.datasets.converters.demo_plan import plan_samples

OPTIONS = DemoOptions(8, 8, 8)


@pytest.fixture
def sample():
    sample = plan_samples(OPTIONS)[5]
    return replace(
        sample, words=('now', 'show'), speed=0.2, pace=0.4, extent=0.9
    )


def entry_of(sample):
    (entry,) = annotation_file([sample], OPTIONS)['samples']
    return entry


def test_an_entry_holds_a_target_for_every_task(sample):
    entry = entry_of(replace(sample, lacks=None))
    assert entry['id'] == 'train_00005'
    assert entry['group'] == sample.person.name == 'person_00'
    assert entry['label'] == 5
    assert entry['transcription'] == 'now show'
    assert entry['target'] == 0.5
    assert entry['speech_path'] == 'speech/train_00005.wav'
    assert entry['video_path'] == 'video/train_00005.mp4'
    assert entry['image_path'] == 'images/train_00005.jpg'
    boxes = entry['bounding_boxes']
    assert [b['bbox'] for b in boxes] == [
        object_box(placed) for placed in replace(sample, lacks=None).objects()
    ]
    # Command 5 is a=1, b=0, c=1, so it shows the last object, a key.
    assert {b['class'] for b in boxes} == {3}
    assert entry['metadata']['object'] == 'key'
    assert entry['metadata']['fps'] == 15


@pytest.mark.parametrize(
    ('lacks', 'gone'),
    [
        ('speech_path', {'transcription'}),
        ('video_path', set()),
        ('image_path', {'bounding_boxes'}),
    ],
)
def test_what_an_absent_modality_takes_with_it(sample, lacks, gone):
    whole = entry_of(replace(sample, lacks=None))
    entry = entry_of(replace(sample, lacks=lacks))
    assert entry[lacks] is None
    assert media_paths(replace(sample, lacks=lacks))[lacks] is None
    assert set(whole) - set(entry) == gone


def test_the_head(sample):
    head = annotation_file([sample], OPTIONS)['metainfo']
    assert head['classes'] == [c.name for c in COMMANDS]
    assert head['detection_classes'] == ['cup', 'ball', 'box', 'key']
    assert head['options'] == {
        'num_train': 8,
        'num_val': 8,
        'num_test': 8,
        'seed': 0,
    }
