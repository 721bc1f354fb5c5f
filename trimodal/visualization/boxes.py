"""Boxes over a picture, wherever its pixels come from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from mmengine.structures import InstanceData

from trimodal.structures import TriModalDataSample
from trimodal.visualization.figure import COLORS, GREEN
from trimodal.visualization.headline import ClassNames, to_numpy

# The picture whose pixels the boxes are counted in.
SPACES = {'gt': 'img_shape', 'pred': 'ori_shape'}
# More boxes than these are drawn finer.
FEW = 8
# A line of text, and the space to the right that is too little for one, as
# shares of the picture.
LINE, NARROW = 0.04, 0.2


def draw_instances(
    axes: Axes,
    sample: TriModalDataSample,
    names: ClassNames,
    size: tuple[int, int],
    kind: str,
    min_score: float = 0.0,
    max_boxes: int | None = None,
) -> str | None:
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
        max_boxes (int | None): Predicted boxes at most, those with the
            highest scores. Defaults to None: all.

    Returns:
        str | None: What was drawn, in a few words for a legend; None if the
        sample has no such field.
    """
    boxes: InstanceData | None = sample.get(f'{kind}_instances')
    if boxes is None:
        return None
    bboxes = scaled_boxes(
        to_numpy(boxes.bboxes), sample.get(SPACES[kind]), size
    )
    texts = [names[label] for label in to_numpy(boxes.labels).tolist()]
    if kind == 'gt':
        crowds = to_numpy(boxes.get('crowds', [False] * len(texts))).tolist()
        pairs = zip(texts, crowds, strict=True)
        texts = [f'{text} (crowd)' if c else text for text, c in pairs]
        draw_boxes(axes, bboxes, texts, size, truth=True)
        return f'true ({len(texts)})'
    total = len(texts)
    if boxes.get('scores') is not None:
        shares = to_numpy(boxes.scores)
        kept = _best(shares, min_score, max_boxes)
        texts = [f'{texts[i]} {shares[i]:.2f}' for i in kept]
        bboxes = bboxes[kept]
    draw_boxes(axes, bboxes, texts, size)
    return _counted(len(texts), total, min_score, max_boxes)


def _best(scores: np.ndarray, min_score: float, most: int | None) -> list[int]:
    """Which boxes are drawn, the best last: it lies over the others."""
    order = np.argsort(-scores, kind='stable')
    return order[scores[order] >= min_score][:most][::-1].tolist()


def _counted(
    shown: int, total: int, min_score: float, most: int | None
) -> str:
    if shown == total:
        return f'predicted ({total})'
    cut = f'best {shown}' if shown == most else f'score from {min_score:g}'
    return f'predicted ({shown} of {total}: {cut})'


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


def draw_boxes(
    axes: Axes,
    bboxes: np.ndarray,
    texts: Sequence[str],
    size: tuple[int, int],
    truth: bool = False,
) -> None:
    """Draw boxes over a picture, and what they are, inside of it.

    Args:
        axes (Axes): Where the picture is, its upper left corner at 0, 0.
        bboxes (np.ndarray): float ``[N, 4]``: x1, y1, x2, y2 in pixels.
        texts (Sequence[str]): What to write at each box.
        size (tuple[int, int]): Height and width of the picture.
        truth (bool): Whether they are annotations (dashed, green, the text
            below) rather than predictions. Defaults to False.
    """
    style = _line(truth, fine=len(texts) > FEW)
    few = len(texts) <= FEW
    for (x1, y1, x2, y2), text in zip(bboxes, texts, strict=True):
        axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, **style))
        x, y, side, edge = _place((x1, y1, x2, y2), size, truth)
        axes.text(
            x,
            y,
            text,
            ha=side,
            va=edge,
            color='white',
            fontsize=8 if few else 6,
            clip_on=True,
            bbox={
                'facecolor': style['edgecolor'],
                'edgecolor': style['edgecolor'],
                'pad': 1 if few else 0.3,
            },
        )


def draw_legend(axes: Axes, texts: Sequence[tuple[str, bool]]) -> None:
    """Say over a picture which of its boxes are what.

    Args:
        axes (Axes): Where the picture is.
        texts (Sequence[tuple[str, bool]]): What to write, and whether it is
            of annotations.
    """
    handles = [
        Rectangle((0, 0), 1, 1, label=text, **_line(truth))
        for text, truth in texts
    ]
    axes.legend(
        handles=handles,
        loc='lower right',
        bbox_to_anchor=(1, 1),
        ncols=len(handles),
        borderaxespad=0,
        fontsize=8,
    )


def _line(truth: bool, fine: bool = False) -> dict[str, Any]:
    return {
        'fill': False,
        'edgecolor': GREEN if truth else COLORS[1],
        'linestyle': '--' if truth else '-',
        'linewidth': 1.2 if fine else 2,
    }


def _place(
    box: Sequence[float], size: tuple[int, int], below: bool
) -> tuple[float, float, str, str]:
    """Where a box's text stands, so that the picture's edge cuts none."""
    x1, y1, x2, y2 = box
    height, width = size
    if x1 > (1 - NARROW) * width:
        x, side = min(x2, width), 'right'
    else:
        x, side = max(x1, 0), 'left'
    if below:
        inside = y2 > (1 - LINE) * height
        return x, min(y2, height), side, 'bottom' if inside else 'top'
    inside = y1 < LINE * height
    return x, max(y1, 0), side, 'top' if inside else 'bottom'
