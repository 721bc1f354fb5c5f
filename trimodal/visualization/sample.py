"""One picture of one sample: what went in, what came out, and why."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mmengine.structures import InstanceData
from torch import Tensor

from trimodal.structures import TriModalDataSample
from trimodal.visualization import panels
from trimodal.visualization.figure import (
    blank,
    house_style,
    new_figure,
    render,
)
from trimodal.visualization.hands import draw_hands
from trimodal.visualization.headline import (
    ClassNames,
    draw_headline,
    label_of,
    to_numpy,
)

Array = np.ndarray | Tensor | None
Panel = Any  # a function of the axes to draw on


def draw_sample(
    inputs: Mapping[str, Array],
    sample: TriModalDataSample | None = None,
    classes: Sequence[str] | None = None,
    detection_classes: Sequence[str] | None = None,
    rates: Mapping[str, float] | None = None,
    draw_gt: bool = True,
    draw_pred: bool = True,
    max_classes: int = 10,
) -> np.ndarray:
    """Draw a sample's modalities, scores and modality weights.

    What a modality is, is told by its array: uint8 ``[height, width, 3]``
    or ``[3, height, width]`` is a picture, ``[N]`` a waveform, ``[T, H, 21,
    3]`` hands, anything else a sequence of numbers. None is absent.

    Args:
        inputs (Mapping[str, Array]): An array for each modality.
        sample (TriModalDataSample | None): Annotations and predictions.
            Defaults to None.
        classes (Sequence[str] | None): Names of the classes. Defaults to
            None: their numbers.
        detection_classes (Sequence[str] | None): Names of the boxes'
            classes. Defaults to None: those of ``classes``.
        rates (Mapping[str, float] | None): Samples or frames a second of
            each modality. Defaults to None: 16000 for a waveform, 30 for
            the rest.
        draw_gt (bool): Whether to draw annotations. Defaults to True.
        draw_pred (bool): Whether to draw predictions. Defaults to True.
        max_classes (int): Bars at most. Defaults to 10.

    Returns:
        np.ndarray: RGB, uint8 ``[H, W, 3]``.
    """
    sample = sample if sample is not None else TriModalDataSample()
    names = ClassNames(classes)
    truth = label_of(sample, 'gt') if draw_gt else None
    pictures: list[tuple[float, str, Panel]] = []
    streams: list[tuple[float, str, Panel]] = []
    scores: list[tuple[float, str, Panel]] = []
    for key, array in inputs.items():
        column, rows = _modality_panels(key, array, dict(rates or {}))
        (pictures if column == 'picture' else streams).extend(rows)
    if pictures:
        height, title, draw = pictures[0]
        objects = ClassNames(detection_classes or classes)
        overlay = partial(_boxes, sample, objects, draw_gt, draw_pred)
        pictures[0] = (height, title, _both(draw, overlay))
    if draw_pred and 'pred_score' in sample:
        draw = partial(
            panels.draw_scores,
            scores=to_numpy(sample.pred_score),
            names=names.first(len(sample.pred_score)),
            target=truth,
            most=max_classes,
        )
        scores.append((3, 'scores', draw))
    if draw_pred and 'modality_weights' in sample:
        draw = partial(_weights, sample, tuple(inputs))
        (scores or pictures).append((1.1, 'modality weights', draw))
    columns = [(3.4, pictures), (5.6, streams), (3.4, scores)]
    with house_style():
        figure = _compose([(w, rows) for w, rows in columns if rows])
        draw_headline(figure, sample, names, draw_gt, draw_pred)
        return render(figure)


def _modality_panels(
    key: str, array: Array, rates: dict[str, float]
) -> tuple[str, list[tuple[float, str, Panel]]]:
    """Choose panels (height, title, function) and their column."""
    if array is None:
        return 'stream', [(0.5, key, partial(blank, text='absent'))]
    data = to_numpy(array)
    if data.dtype == np.uint8 and data.ndim == 3:
        if data.shape[2] != 3:
            data = data.transpose(1, 2, 0)
        return 'picture', [(3, key, partial(panels.draw_image, image=data))]
    if data.ndim == 1:
        rate = rates.get(key, 16000)
        return 'stream', [
            (0.7, key, partial(panels.draw_waveform, wave=data, rate=rate)),
            (1.2, '', partial(panels.draw_log_mel, wave=data, rate=rate)),
        ]
    rate = rates.get(key, 30)
    if data.ndim == 4 and data.shape[2:] == (21, 3):
        draw = partial(draw_hands, landmarks=data, rate=rate)
        hands = np.isfinite(data).all(axis=(2, 3)).any(axis=0).sum()
        return 'stream', [(0.5 + 0.7 * max(int(hands), 1), key, draw)]
    draw = partial(panels.draw_series, series=data, rate=rate)
    return 'stream', [(1.2, key, draw)]


def _compose(columns: list[tuple[float, list]]) -> Figure:
    """Lay the columns side by side, each a stack of panels."""
    width = sum(width for width, _ in columns) or 4
    tallest = max((sum(h for h, *_ in rows) for _, rows in columns), default=1)
    figure = new_figure(width, max(tallest, 2.5) + 0.9)
    if not columns:
        return figure
    grid = figure.add_gridspec(
        1, len(columns), width_ratios=[width for width, _ in columns]
    )
    for i, (_, rows) in enumerate(columns):
        stack = grid[i].subgridspec(
            len(rows), 1, height_ratios=[height for height, *_ in rows]
        )
        for k, (_, title, draw) in enumerate(rows):
            axes = figure.add_subplot(stack[k])
            axes.set_title(title)
            draw(axes)
    return figure


def _boxes(
    sample: TriModalDataSample,
    names: ClassNames,
    draw_gt: bool,
    draw_pred: bool,
    axes: Axes,
) -> None:
    for kind, wanted in (('gt', draw_gt), ('pred', draw_pred)):
        boxes: InstanceData | None = sample.get(f'{kind}_instances')
        if not wanted or boxes is None:
            continue
        labels = to_numpy(boxes.labels).tolist()
        scores = boxes.get('scores') if kind == 'pred' else None
        texts = [names[label] for label in labels]
        if scores is not None:
            shares = to_numpy(scores).tolist()
            texts = [
                f'{text} {share:.2f}'
                for text, share in zip(texts, shares, strict=True)
            ]
        panels.draw_boxes(axes, to_numpy(boxes.bboxes), texts, kind == 'gt')


def _weights(
    sample: TriModalDataSample, modalities: tuple[str, ...], axes: Axes
) -> None:
    panels.draw_weights(
        axes,
        modalities,
        to_numpy(sample.modality_weights),
        sample.get('present'),
    )


def _both(first: Panel, second: Panel) -> Panel:
    def draw(axes: Axes) -> None:
        first(axes)
        second(axes)

    return draw
