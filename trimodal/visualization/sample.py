"""One picture of one sample: what went in, what came out, and why."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from trimodal.structures import TriModalDataSample
from trimodal.visualization import panels
from trimodal.visualization.answers import draw_texts, draw_values
from trimodal.visualization.boxes import draw_instances, draw_legend
from trimodal.visualization.figure import (
    blank,
    house_style,
    new_figure,
    render,
)
from trimodal.visualization.hands import draw_hands
from trimodal.visualization.headline import (
    LETTERS,
    ClassNames,
    draw_headline,
    labels_of,
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
    min_score: float = 0.3,
    max_boxes: int = 50,
) -> np.ndarray:
    """Draw a sample's modalities, predictions and modality weights.

    What a modality is, is told by its array: uint8 ``[height, width, 3]``
    or ``[3, height, width]`` is a picture (or 1, grey, for the 3; or, where
    channels come first, floats), ``[N]`` a waveform, ``[T, H, 21, 3]``
    hands, anything else a sequence of numbers. None is absent. Boxes
    are drawn over the first picture; that may be the one on disk or the one
    the model was given, of which the data sample tells the sizes.

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
        max_classes (int): Bars, or values, at most. Defaults to 10.
        min_score (float): Predicted boxes with less are not drawn. Defaults
            to 0.3.
        max_boxes (int): Predicted boxes at most, the best. Defaults to 50.

    Returns:
        np.ndarray: RGB, uint8 ``[H, W, 3]``.
    """
    sample = sample if sample is not None else TriModalDataSample()
    names = ClassNames(classes)
    kinds = [k for k, on in (('gt', draw_gt), ('pred', draw_pred)) if on]
    pictures: list[tuple[float, str, Panel]] = []
    streams: list[tuple[float, str, Panel]] = []
    for key, array in inputs.items():
        column, rows = _modality_panels(key, array, dict(rates or {}))
        (pictures if column == 'picture' else streams).extend(rows)
    boxed = any(f'{kind}_instances' in sample for kind in kinds)
    if pictures and boxed:
        height, title, draw = pictures[0]
        objects = ClassNames(detection_classes or classes)
        limits = (min_score, max_boxes)
        overlay = partial(_boxes, sample, objects, kinds, limits)
        pictures[0] = (2 * height, title, _both(draw, overlay))
    scores = _answer_panels(sample, names, kinds, max_classes)
    weighed = draw_pred and len(sample.get('modality_weights', ())) > 1
    if weighed:  # of one alone there is nothing to say
        draw = partial(_weights, sample, tuple(inputs))
        (scores or pictures).append((1.1, 'modality weights', draw))
    columns = [(6.6 if boxed else 3.4, pictures), (5.6, streams)]
    columns.append((3.4, scores))
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
    image = panels.as_picture(data)
    if image is not None:
        share = image.shape[0] / image.shape[1]
        height = min(max(3.1 * share + 0.2, 1), 3)  # the title is in it
        draw = partial(panels.draw_image, image=image)
        return 'picture', [(height, key, draw)]
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


def _answer_panels(
    sample: TriModalDataSample,
    names: ClassNames,
    kinds: Sequence[str],
    most: int,
) -> list[tuple[float, str, Panel]]:
    """Scores, and what does not fit into the headline."""
    rows: list[tuple[float, str, Panel]] = []
    if 'pred' in kinds and 'pred_score' in sample:
        truth = 'gt' in kinds and 'gt_label' in sample
        draw = partial(
            panels.draw_scores,
            scores=to_numpy(sample.pred_score),
            names=names.first(len(sample.pred_score)),
            target=sorted(labels_of(sample, 'gt')) if truth else None,
            most=most,
            chosen=sorted(labels_of(sample, 'pred')),
            threshold=sample.get('label_threshold'),
        )
        rows.append((3, 'scores', draw))
    values = [
        to_numpy(sample.get(f'{kind}_value'))
        if kind in kinds and f'{kind}_value' in sample
        else None
        for kind in ('pred', 'gt')
    ]
    if any(side is not None and len(side) > 1 for side in values):
        draw = partial(
            draw_values, values=values[0], truth=values[1], most=most
        )
        rows.append((2.5, 'values', draw))
    texts = [
        sample.get(f'{kind}_text') if kind in kinds else None
        for kind in ('pred', 'gt')
    ]
    if any(len(text or '') > LETTERS for text in texts):
        draw = partial(draw_texts, text=texts[0], truth=texts[1])
        rows.append((2, 'text', draw))
    return rows


def _boxes(
    sample: TriModalDataSample,
    names: ClassNames,
    kinds: Sequence[str],
    limits: tuple[float, int],
    axes: Axes,
) -> None:
    size = axes.images[0].get_size()
    texts = []
    for kind in kinds:
        text = draw_instances(axes, sample, names, size, kind, *limits)
        if text is not None:
            texts.append((text, kind == 'gt'))
    draw_legend(axes, texts)


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
