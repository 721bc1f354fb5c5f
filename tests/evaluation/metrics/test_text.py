import math

import jiwer
import pytest

from trimodal.evaluation import TextMetric
from trimodal.registry import METRICS
from trimodal.structures import TriModalDataSample

PRED = ['One  too three', ' four\tfive', 'nothing', 'up']
TRUE = ['one two three', 'four five', None, '']


def run(metric, pred, target) -> dict:
    samples = []
    for p, t in zip(pred, target, strict=True):
        sample = TriModalDataSample().set_pred_text(p)
        samples.append(
            (sample if t is None else sample.set_gt_text(t)).to_dict()
        )
    metric.process(None, samples)
    return metric.evaluate(len(pred))


def test_all_metrics_over_the_corpus():
    metric = METRICS.build(
        dict(
            type='TextMetric',
            metrics=('wer', 'cer', 'bleu', 'chrf'),
            lowercase=True,
        )
    )
    result = run(metric, PRED, TRUE)
    pred = ['one too three', 'four five', 'up']
    true = ['one two three', 'four five', '']
    assert result['text/wer'] == jiwer.wer(true, pred) == 2 / 5
    assert result['text/cer'] == jiwer.cer(true, pred)
    assert result['text/bleu'] == 0  # no text has four words in a row
    assert 0 < result['text/chrf'] < 100
    assert result['text/unannotated'] == 1
    assert len(result) == 5


def test_normalisation_is_a_choice():
    pred, true = ['A  b'], ['a b']
    assert TextMetric.calculate(pred, true, ('wer',)) == {'wer': 0.5}
    assert TextMetric.calculate(pred, true, ('cer',), strip=False) == {
        'cer': 2 / 3
    }
    assert TextMetric.calculate(pred, true, ('cer',), lowercase=True) == {
        'cer': 0
    }


def test_no_reference_is_nan():
    result = run(TextMetric(), ['a'], [None])
    assert result.pop('text/unannotated') == 1
    assert all(math.isnan(value) for value in result.values())


def test_refuses():
    with pytest.raises(ValueError, match='metrics must be some of'):
        TextMetric(metrics=('wer', 'rouge'))
