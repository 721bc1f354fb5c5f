"""The line on top of a sample's picture: what was said, what is true."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from trimodal.structures import TriModalDataSample
from trimodal.visualization.figure import GREEN, INK, MUTED, RED


class ClassNames:
    """Class names by index; the index itself where there is no name."""

    def __init__(self, classes: Sequence[str] | None) -> None:
        self._classes = list(classes or ())

    def __getitem__(self, index: int) -> str:
        known = 0 <= index < len(self._classes)
        return str(self._classes[index]) if known else str(index)

    def first(self, count: int) -> list[str]:
        """The names of classes 0 to ``count - 1``."""
        return [self[i] for i in range(count)]


def draw_headline(
    figure: Figure,
    sample: TriModalDataSample,
    names: ClassNames,
    draw_gt: bool,
    draw_pred: bool,
) -> None:
    """Write what was predicted and what is true over a figure.

    Args:
        figure (Figure): Where to write.
        sample (TriModalDataSample): Annotations and predictions, of any
            task; a class is green where right and red where wrong.
        names (ClassNames): Names of the classes.
        draw_gt (bool): Whether to write what is true.
        draw_pred (bool): Whether to write what was predicted.
    """
    said = _said(sample, names, 'pred') if draw_pred else []
    true = _said(sample, names, 'gt') if draw_gt else []
    color = INK
    if said and true and {'gt_label', 'pred_label'} <= set(sample.keys()):
        right = label_of(sample, 'gt') == label_of(sample, 'pred')
        color = GREEN if right else RED
    parts = [
        f'{word}: {", ".join(values)}'
        for word, values in (('predicted', said), ('true', true))
        if values
    ]
    figure.suptitle(
        '     '.join(parts) or ' ',
        x=0.01,
        ha='left',
        fontsize=13,
        fontweight='bold',
        color=color,
    )
    figure.text(
        0.99,
        0.985,
        str(sample.get('sample_id', '')),
        ha='right',
        va='top',
        color=MUTED,
    )


def _said(
    sample: TriModalDataSample, names: ClassNames, kind: str
) -> list[str]:
    parts = []
    label = label_of(sample, kind)
    if label is not None:
        score = sample.get(f'{kind}_score')
        share = f' ({float(score[label]):.3f})' if score is not None else ''
        parts.append(names[label] + share)
    if f'{kind}_value' in sample:
        value = to_numpy(sample.get(f'{kind}_value'))
        parts.append(' '.join(f'{number:.4g}' for number in value))
    if f'{kind}_text' in sample:
        parts.append(f'"{sample.get(f"{kind}_text")}"')
    return parts


def label_of(sample: TriModalDataSample, kind: str) -> int | None:
    """The class of ``gt`` or ``pred``, None if there is not exactly one."""
    value = sample.get(f'{kind}_label')
    return int(value[0]) if value is not None and len(value) == 1 else None


def to_numpy(array: Any) -> np.ndarray:
    """A tensor or what becomes one as an array, floats as float32."""
    tensor = torch.as_tensor(array).detach().cpu()
    return (
        tensor.float().numpy()
        if tensor.is_floating_point()
        else tensor.numpy()
    )
