"""What all augmentations share: the absent modality, chance and the rng."""

from abc import abstractmethod
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from trimodal.datasets.transforms.checks import check_number

Results = dict[str, Any]


class ModalityTransform(BaseTransform):
    """A transform of one modality.

    ``transform`` returns the dict as it came where the modality is absent
    (None or no such key) or chance says no; otherwise a new dict with what
    :meth:`augment` changed. Neither the given dict nor its arrays, which may
    be read-only views of a file, are written to.

    Every random number comes from ``results['rng']``, a
    ``numpy.random.Generator`` that the data set seeds for each epoch and
    sample; without one a fresh, unseeded generator is used.

    Args:
        key (str): The modality's key in the dict. A second camera's
            pictures, say, are augmented with ``key='image_left'``.
        prob (float): How likely a sample is changed. Defaults to 1.0.

    Raises:
        ValueError: If ``key`` is empty or ``prob`` outside [0, 1].
    """

    def __init__(self, key: str, prob: float = 1.0) -> None:
        if not isinstance(key, str) or not key:
            raise ValueError(f'key must be a non-empty str, got {key!r}')
        self.key = key
        self.prob = check_number('prob', prob, 0, 1)

    def transform(self, results: Results) -> Results:
        """Augment ``results`` if the modality is there and chance agrees."""
        if results.get(self.key) is None:
            return results
        rng = results.get('rng')
        if rng is None:
            rng = np.random.default_rng()
        if self.prob < 1 and rng.random() >= self.prob:
            return results
        return {**results, **self.augment(results, rng)}

    @abstractmethod
    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Give the keys that change, with new arrays.

        Args:
            results (dict): The sample; ``results[self.key]`` is not None.
            rng (numpy.random.Generator): The source of all chance.

        Returns:
            dict: Changed keys only.
        """

    def __repr__(self) -> str:
        arguments = ', '.join(
            f'{name}={value!r}'
            for name, value in vars(self).items()
            if not name.startswith('_')
        )
        return f'{type(self).__name__}({arguments})'
