"""Boxes as tensors: overlaps, refinement, encodings.

Shape letters: see :mod:`trimodal.structures.streams`; Q queries or cells, N
true boxes of a sample. Boxes are (x1, y1, x2, y2), or (centre x, centre y,
width, height) where a name says ``centred``; relative ones have the picture's
width and height as their unit.
"""

import math

import torch
from torch import Tensor
from torchvision.ops import box_convert

from trimodal.models.layers.positions import sinusoidal

# What one step may enlarge or shrink a box by, as in Faster R-CNN.
MAX_LOG_SCALE = math.log(1000 / 16)
MIN_SIZE = 1e-4
# The finest wave of an encoding is this fraction of a picture's side / 2 pi.
ENCODING_SCALE = 128.0
TINY = 1e-12

Planes = tuple[Tensor, Tensor, Tensor, Tensor]


def corners(boxes: Tensor) -> Tensor:
    """Centred boxes as corners."""
    return box_convert(boxes, 'cxcywh', 'xyxy')


def centred(boxes: Tensor) -> Tensor:
    """Corners as centred boxes."""
    return box_convert(boxes, 'xyxy', 'cxcywh')


def pairwise_overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """How far every box of ``a`` covers every one of ``b``.

    Args:
        a (Tensor): float ``[..., N, 4]``, corners.
        b (Tensor): float ``[..., Q, 4]``, corners.

    Returns:
        tuple[Tensor, Tensor]: Intersection over union, and its `generalized
        form <https://arxiv.org/abs/1902.09630>`_, float ``[..., N, Q]``.
    """
    # A plane for each coordinate: a last dimension of 4 would be walked
    # through four numbers at a time.
    rows = a.unsqueeze(-2).unbind(-1)
    columns = b.mT.contiguous().unsqueeze(-2).unbind(-3)
    return _overlaps(rows, columns)


def paired_overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """How far each box of ``a`` covers the one of ``b`` in its place.

    Args:
        a (Tensor): float ``[..., 4]``, corners.
        b (Tensor): float ``[..., 4]``, corners.

    Returns:
        tuple[Tensor, Tensor]: As of :func:`pairwise_overlaps`, ``[...]``.
    """
    return _overlaps(a.unbind(-1), b.unbind(-1))


def share_inside(boxes: Tensor, regions: Tensor) -> Tensor:
    """How much of each box lies in the region that holds most of it.

    Args:
        boxes (Tensor): float ``[..., Q, 4]``, corners.
        regions (Tensor): float ``[..., N, 4]``, corners; N is not 0. One
            without extent holds nothing.

    Returns:
        Tensor: float ``[..., Q]``, shares of the boxes' own areas.
    """
    x1, y1, x2, y2 = boxes.unsqueeze(-2).unbind(-1)
    left, top, right, bottom = regions.unsqueeze(-3).unbind(-1)
    inside = _span(left, x1, right, x2).clamp_(min=0)
    inside = inside.mul_(_span(top, y1, bottom, y2).clamp_(min=0))
    area = ((x2 - x1) * (y2 - y1)).clamp_(min=TINY)
    return inside.div_(area).amax(-1)


def _overlaps(
    a: tuple[Tensor, ...], b: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor]:
    ax1, ay1, ax2, ay2 = a
    bx1, by1, bx2, by2 = b
    # In place: of many pairs, most of the time goes into fresh memory.
    inside = _span(ax1, bx1, ax2, bx2).clamp_(min=0)
    inside = inside.mul_(_span(ay1, by1, ay2, by2).clamp_(min=0))
    areas = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1)
    union = areas.sub_(inside).clamp_(min=TINY)
    # Of both, the span that holds them is the negative of one between.
    hull = _span(ax2, bx2, ax1, bx1).mul_(_span(ay2, by2, ay1, by1))
    iou = inside.div_(union)
    return iou, (union / hull.clamp_(min=TINY)).add_(iou).sub_(1)


def _span(low: Tensor, low2: Tensor, high: Tensor, high2: Tensor) -> Tensor:
    """From the larger of the lows to the smaller of the highs."""
    return torch.minimum(high, high2).sub_(torch.maximum(low, low2))


def refined(boxes: Tensor, deltas: Tensor) -> Tensor:
    """Move and scale centred boxes.

    As in Faster R-CNN, in units of the box itself, so that a step means the
    same wherever the box stands and however large it is.

    Args:
        boxes (Tensor): float ``[..., 4]``, centred.
        deltas (Tensor): float ``[..., 4]``: shifts in widths and heights, and
            logarithms of factors.

    Returns:
        Tensor: float32 ``[..., 4]``, centred.
    """
    deltas = deltas.float()
    size = boxes[..., 2:].clamp(min=MIN_SIZE)
    scale = deltas[..., 2:].clamp(-MAX_LOG_SCALE, MAX_LOG_SCALE).exp()
    return torch.cat(
        [boxes[..., :2] + deltas[..., :2] * size, size * scale], dim=-1
    )


def box_encoding(boxes: Tensor, dims: int) -> Tensor:
    """Sines and cosines of each of a relative box's numbers.

    Args:
        boxes (Tensor): float ``[..., K]``, the K numbers.
        dims (int): Channels for each; even.

    Returns:
        Tensor: float32 ``[..., K * dims]``.
    """
    return sinusoidal(boxes * ENCODING_SCALE, dims).flatten(-2)
