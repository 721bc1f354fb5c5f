"""Predictions as plain dicts, in a file and on the screen."""

import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.structures import BaseDataElement

from trimodal.evaluation.reports import text_table
from trimodal.structures import TriModalDataSample

# In a line of the table: how many boxes or values, and boxes from which
# score on. A detector gives up to a hundred boxes a picture,
# nearly all of them with scores near 0.
LISTED = 4
MIN_SCORE = 0.3


def to_prediction(
    sample: TriModalDataSample,
    modalities: Sequence[str],
    meta: Mapping[str, Any],
) -> dict[str, Any]:
    """Turn a data sample into plain Python values.

    Args:
        sample (TriModalDataSample): What the model gave.
        modalities (Sequence[str]): The names of ``modality_weights``.
        meta (Mapping[str, Any]): With ``classes`` and ``detection_classes``.

    Returns:
        dict[str, Any]: ``sample_id``, ``present`` and, as far as the model
        predicts them, ``pred_label`` with ``pred_class`` and ``pred_score``
        (of that class), ``pred_scores`` (of all), ``pred_value``,
        ``pred_text`` with ``pred_text_score`` (the logarithm of its
        probability), ``pred_instances`` (``bboxes``, in pixels of the
        picture as it was handed in, ``labels``, ``classes``, ``scores``),
        and ``modality_weights`` by name. A model of which a sample may be of
        several classes or none gives the lists ``pred_labels`` and
        ``pred_classes`` in place of the first three.
    """
    plain: dict[str, Any] = {
        'sample_id': sample.get('sample_id'),
        'present': list(sample.get('present', ())),
    }
    if 'pred_label' in sample:
        plain.update(_classified(sample, meta.get('classes') or ()))
    if 'pred_value' in sample:
        plain['pred_value'] = _plain(sample.pred_value)
    if 'pred_text' in sample:
        plain['pred_text'] = sample.pred_text
    if 'pred_text_score' in sample:
        plain['pred_text_score'] = float(sample.pred_text_score)
    if 'pred_instances' in sample:
        found = _plain(sample.pred_instances.to_dict())
        names = meta.get('detection_classes') or meta.get('classes') or ()
        found['classes'] = [_name(i, names) for i in found.get('labels', ())]
        plain['pred_instances'] = found
    if 'modality_weights' in sample:
        weights = _plain(sample.modality_weights)
        plain['modality_weights'] = dict(zip(modalities, weights, strict=True))
    return plain


def write_predictions(
    predictions: Sequence[dict[str, Any]], path: str | Path
) -> None:
    """Write predictions to a file.

    Args:
        predictions (Sequence[dict]): Of :func:`to_prediction`.
        path (str | Path): Ends in ``.json`` or ``.pkl``.

    Raises:
        ValueError: If it ends otherwise.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.json':
        text = json.dumps(list(predictions), indent=2, ensure_ascii=False)
        path.write_text(text + '\n', encoding='utf-8')
    elif path.suffix in ('.pkl', '.pickle'):
        path.write_bytes(pickle.dumps(list(predictions)))
    else:
        raise ValueError(f'{path} must end in .json or .pkl')


def format_predictions(predictions: Sequence[dict[str, Any]]) -> str:
    """Lay predictions out as a table, a line a sample.

    Args:
        predictions (Sequence[dict]): Of :func:`to_prediction`.

    Returns:
        str: Lines without a newline at the end.

    Examples:
        >>> from trimodal.apis.predictions import format_predictions
        >>> print(format_predictions([dict(
        ...     sample_id='a', present=['speech'], pred_label=1,
        ...     pred_class='one', pred_score=0.75,
        ...     modality_weights=dict(speech=1.0, image=0.0))]))
        | sample | predicted | score  | present | weights     |
        |--------|-----------|--------|---------|-------------|
        | a      | one       | 0.7500 | speech  | speech 1.00 |
    """
    columns: dict[str, list[str]] = {
        'sample': [str(p['sample_id']) for p in predictions],
        'predicted': [_answer(p) for p in predictions],
        'score': [
            f'{p["pred_score"]:.4f}' if 'pred_score' in p else ''
            for p in predictions
        ],
        'present': ['+'.join(p['present']) or 'nothing' for p in predictions],
        'weights': [_weights(p) for p in predictions],
    }
    for name in ('score', 'weights'):
        if not any(columns[name]):  # the model gives none
            del columns[name]
    return text_table(
        tuple(columns), list(zip(*columns.values(), strict=True))
    )


def _classified(
    sample: TriModalDataSample, classes: Sequence[str]
) -> dict[str, Any]:
    labels = sample.pred_label.tolist()
    if 'label_threshold' in sample or len(labels) != 1:
        several: dict[str, Any] = {
            'pred_labels': labels,
            'pred_classes': [_name(i, classes) for i in labels],
        }
        if 'pred_score' in sample:
            several['pred_scores'] = _plain(sample.pred_score)
        return several
    (label,) = labels
    plain: dict[str, Any] = {
        'pred_label': label,
        'pred_class': _name(label, classes),
    }
    if 'pred_score' in sample:
        plain['pred_score'] = float(sample.pred_score[label])
        plain['pred_scores'] = _plain(sample.pred_score)
    return plain


def _name(label: int, classes: Sequence[str]) -> str:
    return str(classes[label]) if label < len(classes) else str(label)


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, BaseDataElement):
        value = value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _answer(prediction: Mapping[str, Any]) -> str:
    parts = []
    if 'pred_class' in prediction:
        parts.append(prediction['pred_class'])
    if 'pred_classes' in prediction:
        parts.append(' + '.join(prediction['pred_classes']) or 'no class')
    if 'pred_text' in prediction:
        parts.append(prediction['pred_text'])
    if 'pred_value' in prediction:
        parts.append(_shortened(prediction['pred_value']))
    if 'pred_instances' in prediction:
        parts.append(_found(prediction['pred_instances']))
    return ', '.join(parts)


def _shortened(values: Sequence[float]) -> str:
    numbers = [f'{value:.4g}' for value in values[:LISTED]]
    return ', '.join([*numbers, '…'] if len(values) > LISTED else numbers)


def _found(instances: Mapping[str, Any]) -> str:
    """The boxes that are worth a look, the best of them by name."""
    classes = instances['classes']
    scores = instances.get('scores')
    if scores is None:
        scores, names = [1.0] * len(classes), list(classes)
    else:
        pairs = zip(classes, scores, strict=True)
        names = [f'{name} {score:.2f}' for name, score in pairs]
    order = sorted(range(len(names)), key=lambda i: -scores[i])
    kept = [names[i] for i in order if scores[i] >= MIN_SCORE]
    count = f'{len(kept)} box{"" if len(kept) == 1 else "es"}'
    if not kept:
        return count
    more = ', …' if len(kept) > LISTED else ''
    return f'{count}: {", ".join(kept[:LISTED])}{more}'


def _weights(prediction: Mapping[str, Any]) -> str:
    weights = prediction.get('modality_weights', {})
    return ', '.join(f'{k} {v:.2f}' for k, v in weights.items() if v > 0)
