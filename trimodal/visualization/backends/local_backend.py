"""Scalars as lines of JSON, pictures as files."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.visualization import LocalVisBackend as _LocalVisBackend

from trimodal.registry import VISBACKENDS


@VISBACKENDS.register_module()
class LocalVisBackend(_LocalVisBackend):
    """Writes ``scalars.json`` and pictures into the log folder.

    Arguments are those of mmengine's :class:`LocalVisBackend`, from which it
    differs in two ways:

    - Every line is JSON that any program reads. What is not finite becomes
      ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``; mmengine writes a bare
      ``NaN``, which is none.
    - A picture with a ``/`` in its name is written, into a folder of that
      name; mmengine's is lost without a word.
    """

    def add_image(
        self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any
    ) -> None:
        """Write a picture.

        Args:
            name (str): Its name.
            image (np.ndarray): RGB, uint8 ``[H, W, 3]``.
            step (int): Becomes part of the file's name. Defaults to 0.
            **kwargs (Any): Passed over.
        """
        folder = Path(self.experiment._img_save_dir, name).parent
        folder.mkdir(parents=True, exist_ok=True)
        super().add_image(name, image, step, **kwargs)

    def _dump(
        self, value_dict: dict, file_path: str, file_format: str
    ) -> None:
        line = json.dumps(plain(value_dict), allow_nan=False) + '\n'
        with open(file_path, 'a', encoding='utf-8') as file:
            file.write(line)


def plain(value: Any) -> Any:
    """What JSON can say of a value.

    Args:
        value (Any): Numbers, arrays, tensors, or mappings and lists of them.

    Returns:
        Any: The same in numbers, strings, dictionaries and lists.

    Examples:
        >>> import numpy as np
        >>> plain({'a': np.float32(0.5), 'b': float('nan'), 'c': (1, None)})
        {'a': 0.5, 'b': 'NaN', 'c': [1, None]}
    """
    if hasattr(value, 'tolist'):  # arrays, tensors and their scalars
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return 'NaN'
        return 'Infinity' if value > 0 else '-Infinity'
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)
