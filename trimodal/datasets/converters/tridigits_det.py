"""TriDigits for detection: which of several written digits was asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.converters import tridigits_canvas as canvas
from trimodal.datasets.converters.tridigits_annotations import WORDS
from trimodal.datasets.converters.tridigits_recast import (
    Digits,
    RecastOptions,
    recast,
)
from trimodal.datasets.converters.tridigits_sources import DIGITS

_MOST = 6


@dataclass(frozen=True)
class DetectionOptions(RecastOptions):
    """What a conversion to TriDigits for detection may be told.

    Args:
        train (int): Training samples. Defaults to 2000.
        val (int): Validation samples. Defaults to 400.
        test (int): Test samples. Defaults to 400.
        seed (int): Seed of all that is drawn. Defaults to 0.
        min_digits (int): Digits in a picture, at least. Defaults to 3.
        max_digits (int): Digits in a picture, at most. Defaults to 5.

    Raises:
        ValueError: If a number of samples is less than 1, ``seed`` is
            negative, or not 2 <= ``min_digits`` <= ``max_digits`` <= 6.
    """

    min_digits: int = 3
    max_digits: int = 5

    def __post_init__(self) -> None:
        """Check."""
        super().__post_init__()
        if not 2 <= self.min_digits <= self.max_digits <= _MOST:
            raise ValueError(
                f'must be 2 <= min_digits <= max_digits <= {_MOST}, got '
                f'{self.min_digits} and {self.max_digits}'
            )


def convert_tridigits_det(
    source: Path, mnist: Path, out: Path, options: DetectionOptions
) -> dict[str, int]:
    """Make ``out/{train,val,test}.h5`` of a packed TriDigits and MNIST.

    Args:
        source (Path): A packed TriDigits of ``tools/prepare_data.py``.
        mnist (Path): Folder of MNIST's four IDX files.
        out (Path): Output folder.
        options (DetectionOptions): See there.

    Returns:
        dict[str, int]: Samples of each split.

    Raises:
        ConversionError: If a source can't be used or ``out`` is taken.
    """
    task = _Find(options.min_digits, options.max_digits)
    return recast(source, mnist, out, task, options)


class _Find:
    """Different digits in one picture, one of them said and signed."""

    name = 'tridigits_det'
    picture_size = canvas.SIZE

    def __init__(self, fewest: int, most: int) -> None:
        self.fewest, self.most = fewest, most

    @property
    def metainfo(self) -> dict[str, Any]:
        return {
            'classes': list(WORDS),
            # One class: its box does not tell which digit was asked for.
            'detection_classes': ['asked digit'],
            'notes': [
                'Speech and gesture of a sample name one of the digits in '
                'its picture, drawn from all of them alike; bounding_boxes '
                'holds that one only, metadata.shown all of them.',
                'The digits in a picture differ, their boxes do not touch.',
                'label, transcription: the digit that is asked for.',
                'target: the sum of the digits that are not asked for.',
            ],
        }

    def draw(
        self, digit: int, digits: Digits, rng: np.random.Generator
    ) -> tuple[np.ndarray, SampleAnnotation]:
        count = int(rng.integers(self.fewest, self.most + 1))
        others = rng.permutation([d for d in DIGITS if d != digit])
        # In any order, so that its place tells nothing of the asked one.
        shown = rng.permutation([digit, *others[: count - 1]]).tolist()
        cards = [next(digits[item]) for item in shown]
        picture, boxes = canvas.compose([pixels for _, pixels in cards], rng)
        asked = shown.index(digit)
        return picture, SampleAnnotation(
            id='',
            label=digit,
            transcription=WORDS[digit],
            target=(float(sum(shown) - digit),),
            bboxes=boxes[[asked]],
            bbox_labels=np.zeros(1, np.int64),
            metadata={
                'shown': [
                    {
                        'digit': item,
                        'bbox': box.tolist(),
                        'picture': f'{card.part} {card.index}',
                    }
                    for item, box, (card, _) in zip(
                        shown, boxes, cards, strict=True
                    )
                ]
            },
        )
