"""TriDigits for regression: the digit that is said plus the one written."""

from pathlib import Path
from typing import Any

import numpy as np

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.converters.tridigits_recast import (
    Digits,
    RecastOptions,
    recast,
)
from trimodal.datasets.converters.tridigits_sources import DIGITS


def convert_tridigits_reg(
    source: Path, mnist: Path, out: Path, options: RecastOptions
) -> dict[str, int]:
    """Make ``out/{train,val,test}.h5`` of a packed TriDigits and MNIST.

    Args:
        source (Path): A packed TriDigits of ``tools/prepare_data.py``.
        mnist (Path): Folder of MNIST's four IDX files.
        out (Path): Output folder.
        options (RecastOptions): See there.

    Returns:
        dict[str, int]: Samples of each split.

    Raises:
        ConversionError: If a source can't be used or ``out`` is taken.
    """
    return recast(source, mnist, out, _Sum(), options)


class _Sum:
    """One written digit, drawn without regard to the one that is said."""

    name = 'tridigits_reg'
    picture_size = 28

    @property
    def metainfo(self) -> dict[str, Any]:
        return {
            'notes': [
                'Speech and gesture of a sample give the same digit, the '
                'picture another one, drawn independently of it.',
                'target: the sum of the two, 0 to 18. There is no label.',
            ]
        }

    def draw(
        self, digit: int, digits: Digits, rng: np.random.Generator
    ) -> tuple[np.ndarray, SampleAnnotation]:
        written = int(rng.integers(len(DIGITS)))
        card, pixels = next(digits[written])
        return pixels, SampleAnnotation(
            id='',
            target=(float(digit + written),),
            metadata={
                'spoken': digit,
                'written': written,
                'picture': f'{card.part} {card.index}',
            },
        )
