"""The line on top of a sample's picture: what was said, what is true."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from trimodal.structures import TriModalDataSample
from trimodal.visualization.figure import GREEN, INK, MUTED, RED

# As much as fits into the line; the rest is in a panel.
VALUES = 4
LETTERS = 40
# Inches of a letter, on average.
LETTER = 0.11


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
            task; classes and texts are green where right and red where
            wrong.
        names (ClassNames): Names of the classes.
        draw_gt (bool): Whether to write what is true.
        draw_pred (bool): Whether to write what was predicted.
    """
    said = _said(sample, names, 'pred') if draw_pred else []
    true = _said(sample, names, 'gt') if draw_gt else []
    color = INK
    if said and true:
        right = _right(sample)
        color = INK if right is None else GREEN if right else RED
    parts = [
        f'{word}: {", ".join(values)}'
        for word, values in (('predicted', said), ('true', true))
        if values
    ]
    name = str(sample.get('sample_id', ''))
    figure.suptitle(
        _fitted(parts, figure.get_figwidth() / LETTER - len(name)) or ' ',
        x=0.01,
        ha='left',
        fontsize=13,
        fontweight='bold',
        color=color,
    )
    figure.text(0.99, 0.985, name, ha='right', va='top', color=MUTED)


def _fitted(parts: Sequence[str], letters: float) -> str:
    """In one line, or in one each, cut where even that is too much."""
    line = '     '.join(parts)
    if len(line) <= letters:
        return line
    room = max(int(letters), 20)
    cut = [f'{p[: room - 1]}…' if len(p) > room else p for p in parts]
    return '\n'.join(cut)


def _right(sample: TriModalDataSample) -> bool | None:
    """Whether class and text are right; None if neither can be said."""
    known = []
    if {'gt_label', 'pred_label'} <= set(sample.keys()):
        known.append(labels_of(sample, 'gt') == labels_of(sample, 'pred'))
    if {'gt_text', 'pred_text'} <= set(sample.keys()):
        known.append(sample.gt_text.split() == sample.pred_text.split())
    return all(known) if known else None


def _said(
    sample: TriModalDataSample, names: ClassNames, kind: str
) -> list[str]:
    parts = []
    label = label_of(sample, kind)
    if label is not None:
        score = sample.get(f'{kind}_score')
        share = f' ({float(score[label]):.3f})' if score is not None else ''
        parts.append(names[label] + share)
    elif f'{kind}_label' in sample:
        several = sorted(labels_of(sample, kind))
        parts.append(' + '.join(names[i] for i in several) or 'no class')
    if f'{kind}_value' in sample:
        value = to_numpy(sample.get(f'{kind}_value'))
        numbers = ' '.join(f'{number:.4g}' for number in value[:VALUES])
        parts.append(numbers + (' …' if len(value) > VALUES else ''))
    if f'{kind}_text' in sample:
        text = sample.get(f'{kind}_text')
        text = text if len(text) <= LETTERS else f'{text[: LETTERS - 1]}…'
        parts.append(f'"{text}"')
    return parts


def label_of(sample: TriModalDataSample, kind: str) -> int | None:
    """The class of ``gt`` or ``pred``, None if there is not exactly one."""
    value = sample.get(f'{kind}_label')
    return int(value[0]) if value is not None and len(value) == 1 else None


def labels_of(sample: TriModalDataSample, kind: str) -> set[int]:
    """The classes of ``gt`` or ``pred``."""
    return set(to_numpy(sample.get(f'{kind}_label', ())).tolist())


def to_numpy(array: Any) -> np.ndarray:
    """A tensor or what becomes one as an array, floats as float32."""
    tensor = torch.as_tensor(array).detach().cpu()
    return (
        tensor.float().numpy()
        if tensor.is_floating_point()
        else tensor.numpy()
    )
