"""Several classes a sample, from what it is annotated with."""

import numpy as np
from mmcv.transforms import BaseTransform

from trimodal.datasets.transforms.base import Results
from trimodal.registry import TRANSFORMS

BOXES = 'boxes'


@TRANSFORMS.register_module()
class CollectLabels(BaseTransform):
    """Makes ``gt_label`` all classes that a sample is of.

    For a ``MultiLabelHead``: an annotation's ``label`` is one class only. A
    sample that lacks the source has no ``gt_label`` afterwards; one with an
    empty source is of no class, and is learned from. Belongs behind what
    moves boxes and before ``PackInputs``.

    Args:
        source (str): ``'boxes'``, each class that a box has; or a key of the
            annotation's ``metadata`` that holds a list of class indices.
            Defaults to ``'boxes'``.

    Raises:
        ValueError: If ``source`` is empty.

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import CollectLabels
        >>> boxes = np.array([3, 0, 3])
        >>> CollectLabels()({'gt_bboxes_labels': boxes})['gt_label']
        array([0, 3])
    """

    def __init__(self, source: str = BOXES) -> None:
        if not source:
            raise ValueError(
                f"source must be 'boxes' or a key of metadata, got {source!r}"
            )
        self.source = source

    def transform(self, results: Results) -> Results:
        """Collect the classes; what is given stays as it is.

        Raises:
            ValueError: If the metadata have something else than a list of
                class indices.
        """
        if self.source == BOXES:
            found = results.get('gt_bboxes_labels')
        else:
            found = results.get('metadata', {}).get(self.source)
        results = {k: v for k, v in results.items() if k != 'gt_label'}
        if found is None:
            return results
        labels = np.asarray(found)
        whole = labels.size == 0 or np.issubdtype(labels.dtype, np.integer)
        if labels.ndim != 1 or not whole or (labels < 0).any():
            raise ValueError(
                f'metadata {self.source!r} must be a list of class indices, '
                f'got {found!r} in sample {results.get("sample_id")!r}'
            )
        return {**results, 'gt_label': np.unique(labels).astype(np.int64)}
