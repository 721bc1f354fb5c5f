import numpy as np
import pytest
from sklearn import metrics as reference

from trimodal.evaluation import RocAuc


def softmax(classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    target = rng.integers(0, classes, 90)
    logits = rng.normal(size=(90, classes))
    logits[np.arange(90), target] += 1
    scores = np.exp(logits)
    return scores / scores.sum(1, keepdims=True), target


def run(metric, data_samples) -> dict:
    metric.process(None, data_samples)
    return metric.evaluate(len(data_samples))


def test_macro_equals_sklearn(samples):
    scores, target = softmax(4)
    targets = [None, *target[1:].tolist()]
    expected = reference.roc_auc_score(
        target[1:], scores[1:], multi_class='ovr', average='macro'
    )
    assert run(RocAuc(), samples(scores, targets)) == {
        'roc-auc/macro': pytest.approx(expected),
        'roc-auc/unlabelled': 1,
    }


def test_two_classes_equal_sklearns_binary(samples):
    scores, target = softmax(2)
    expected = reference.roc_auc_score(target, scores[:, 1])
    assert run(RocAuc(per_class=True), samples(scores, target)) == {
        'roc-auc/macro': pytest.approx(expected)
    }


def test_each_class_and_those_without_an_area(samples):
    scores, target = softmax(4)
    target = target.clip(0, 2)  # nothing is of the last class
    metric = RocAuc(per_class=True)
    metric.dataset_meta = {'classes': ['a', 'b', 'c', 'd']}
    result = run(metric, samples(scores, target))
    areas = [
        reference.roc_auc_score(target == i, scores[:, i]) for i in range(3)
    ]
    assert result['roc-auc/macro'] == pytest.approx(np.mean(areas))
    assert result['roc-auc/undefined'] == 1
    assert result['roc-auc/b'] == pytest.approx(areas[1])
    assert np.isnan(result['roc-auc/d'])


def test_a_diverged_model_is_nan():
    scores, target = softmax(3)
    scores[0] = np.nan
    assert np.isnan(RocAuc.calculate(scores, target)['macro'])
