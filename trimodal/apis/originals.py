"""Pictures as they were handed in, to draw boxes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trimodal.apis.media import array_and_rate, channels_last
from trimodal.datasets.preparation import ImagePreparer, MediaError, Preparer
from trimodal.datasets.preparation.image import read_image


def original_pictures(
    given: Mapping[str, Any], preparers: Mapping[str, Preparer]
) -> dict[str, np.ndarray]:
    """Read the pictures of an input again, in the size that they have.

    Args:
        given (Mapping[str, Any]): An input of ``check_inputs``: a file or an
            array for each key.
        preparers (Mapping[str, Preparer]): By modality.

    Returns:
        dict[str, np.ndarray]: uint8 ``[H, W, 3]``, upright RGB, for each
        modality that an ``ImagePreparer`` prepares and the input has.
    """
    found = {}
    for name, preparer in preparers.items():
        if not isinstance(preparer, ImagePreparer):
            continue
        for field in preparer.fields:
            picture = _read(field.removesuffix('_path'), given)
            if picture is not None:
                found[name] = picture
    return found


def _read(key: str, given: Mapping[str, Any]) -> np.ndarray | None:
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, str | Path):
        return channels_last(key, array_and_rate(key, value)[0])
    try:
        return np.array(read_image(Path(value)))
    except MediaError:  # with skip_unreadable: it was absent for the model
        return None
