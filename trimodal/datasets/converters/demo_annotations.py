"""The demo: file names and what ``annotations.json`` says."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from trimodal.datasets.converters.demo_design import COMMANDS, DemoOptions
from trimodal.datasets.converters.demo_picture import OBJECTS, object_box
from trimodal.datasets.converters.demo_plan import DemoSample

FPS = 15
_NOTES = [
    'Generated: synthetic speech, a rendered hand, drawn objects.',
    'A word, gesture or object alone leaves two commands open; any two of '
    'them tell the command.',
    'Splits share no person.',
]


def media_paths(sample: DemoSample) -> dict[str, str | None]:
    """A sample's files, relative to its split; None for what it lacks."""
    paths: Mapping[str, str] = {
        'speech_path': f'speech/{sample.id}.wav',
        'video_path': f'video/{sample.id}.mp4',
        'image_path': f'images/{sample.id}.jpg',
    }
    return {
        field: None if field == sample.lacks else path
        for field, path in paths.items()
    }


def annotation_file(
    samples: Sequence[DemoSample], options: DemoOptions
) -> dict[str, Any]:
    """The content of one split's ``annotations.json``.

    Args:
        samples (Sequence[DemoSample]): The samples of the split.
        options (DemoOptions): Size and seed of the data set.

    Returns:
        dict[str, Any]: JSON content.
    """
    return {
        'metainfo': {
            'dataset': 'trimodal demo',
            'classes': [command.name for command in COMMANDS],
            'detection_classes': list(OBJECTS),
            'options': asdict(options),
            'notes': _NOTES,
        },
        'samples': [_annotation(sample) for sample in samples],
    }


def _annotation(sample: DemoSample) -> dict[str, Any]:
    """A sample's entry, without what only an absent modality would show."""
    command = sample.command
    shown = OBJECTS.index(command.shown)
    entry: dict[str, Any] = {
        'id': sample.id,
        'group': sample.person.name,
        **media_paths(sample),
        'label': sample.label,
        'transcription': ' '.join(sample.words),
        'target': round((sample.speed + sample.pace + sample.extent) / 3, 4),
        'bounding_boxes': [
            {'class': shown, 'bbox': object_box(placed)}
            for placed in sample.objects()
        ],
        'metadata': {
            'duration': round(sample.frames / FPS, 4),
            'fps': FPS,
            'word': command.word,
            'gesture': command.gesture,
            'object': command.shown,
            'left_handed': sample.person.left_handed,
            'speed': sample.speed,
            'pace': sample.pace,
            'extent': sample.extent,
        },
    }
    hidden = {'speech_path': 'transcription', 'image_path': 'bounding_boxes'}
    if sample.lacks in hidden:
        del entry[hidden[sample.lacks]]
    return entry
