"""Boxes over a picture, wherever its pixels come from."""

import numpy as np
from matplotlib.axes import Axes
from mmengine.structures import InstanceData

from trimodal.structures import TriModalDataSample
from trimodal.visualization import panels
from trimodal.visualization.headline import ClassNames, to_numpy

# The picture whose pixels the boxes are counted in.
SPACES = {'gt': 'img_shape', 'pred': 'ori_shape'}


def draw_instances(
    axes: Axes,
    sample: TriModalDataSample,
    names: ClassNames,
    size: tuple[int, int],
    kind: str,
    min_score: float = 0.0,
) -> None:
    """Draw a sample's boxes over one of its pictures, of any size.

    Args:
        axes (Axes): Where the picture is.
        sample (TriModalDataSample): With ``gt_instances``, in pixels of
            ``img_shape``, or ``pred_instances``, in pixels of ``ori_shape``.
        names (ClassNames): Names of the boxes' classes.
        size (tuple[int, int]): Height and width of the drawn picture.
        kind (str): 'gt' or 'pred'.
        min_score (float): Predicted boxes with less are not drawn. Defaults
            to 0.0.
    """
    boxes: InstanceData | None = sample.get(f'{kind}_instances')
    if boxes is None:
        return
    bboxes = scaled_boxes(
        to_numpy(boxes.bboxes), sample.get(SPACES[kind]), size
    )
    texts = [names[label] for label in to_numpy(boxes.labels).tolist()]
    scores = boxes.get('scores') if kind == 'pred' else None
    if scores is not None:
        shares = to_numpy(scores)
        kept = np.flatnonzero(shares >= min_score).tolist()
        texts = [f'{texts[i]} {shares[i]:.2f}' for i in kept]
        bboxes = bboxes[kept]
    panels.draw_boxes(axes, bboxes, texts, kind == 'gt')


def scaled_boxes(
    bboxes: np.ndarray,
    space: tuple[int, int] | None,
    size: tuple[int, int],
) -> np.ndarray:
    """Boxes of one picture in another of the same content.

    Args:
        bboxes (np.ndarray): float ``[N, 4]``: x1, y1, x2, y2.
        space (tuple[int, int] | None): Height and width of the picture they
            are of; None: the same as ``size``.
        size (tuple[int, int]): Height and width of the other.

    Returns:
        np.ndarray: float ``[N, 4]``.

    Examples:
        >>> import numpy as np
        >>> from trimodal.visualization.boxes import scaled_boxes
        >>> scaled_boxes(np.array([[1, 2, 3, 4]]), (8, 8), (16, 8)).tolist()
        [[1.0, 4.0, 3.0, 8.0]]
    """
    if space is None:
        return bboxes
    y, x = size[0] / space[0], size[1] / space[1]
    return bboxes * np.array([x, y, x, y])
