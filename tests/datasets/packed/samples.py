"""Small samples that exercise every field of the packed format."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from trimodal.datasets.annotations import SampleAnnotation

MODALITIES: Mapping[str, Mapping[str, Any]] = {
    'speech': {'sample_rate': 16000},
    'gesture': {'fps': 30.0},
    'image': {'encoding': 'raw'},
}
METAINFO = {'classes': ['zero', 'one', 'two'], 'detection_classes': ['cup']}
Arrays = dict[str, dict[str, np.ndarray] | None]


def make_arrays(i: int, height: int = 6, width: int = 4) -> Arrays:
    """Streams of sample ``i``; each modality is absent now and then."""
    rng = np.random.default_rng(i)
    steps = 2 + i % 3
    speech = rng.integers(-32768, 32768, 10 + i, dtype=np.int16)
    gesture = rng.normal(size=(steps, 2, 21, 3)).astype(np.float16)
    gesture[0, 1] = np.nan
    score = rng.random((steps, 2)).astype(np.float16)
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return {
        'speech': None if i % 5 == 1 else {'data': speech},
        'gesture': None
        if i % 5 == 2
        else {'data': gesture, 'score': score, 'valid': score > 0.3},
        'image': None if i % 5 == 3 else {'data': image},
    }


def make_annotation(i: int) -> SampleAnnotation:
    """Annotation of sample ``i``; every field is missing in some."""
    boxes = i % 3
    return SampleAnnotation(
        id=f'sample_{i:03d}',
        group=None if i % 4 == 0 else f'speaker_{i % 2}',
        label=None if i % 6 == 5 else i % 3,
        transcription=None if i % 4 == 1 else f'grüß dich 你好 {i}',
        target=None if i % 4 == 2 else (0.1 * i, -float(i)),
        bboxes=None
        if i % 4 == 3
        else np.arange(4 * boxes, dtype=np.float32).reshape(-1, 4),
        bbox_labels=None if i % 4 == 3 else np.zeros(boxes, np.int64),
        bbox_scores=np.full(boxes, 0.5, np.float32) if i % 4 == 0 else None,
        media={'speech_path': f'speech/{i}.wav'} if i % 2 else {},
        metadata={'duration': i / 2, 'tags': ['a', i]} if i % 3 else {},
    )
