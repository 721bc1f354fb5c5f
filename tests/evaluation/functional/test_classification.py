import numpy as np
import pytest
from sklearn import metrics as reference

from trimodal.evaluation.functional import (
    class_scores,
    confusion_matrix,
    topk_accuracy,
    true_class_rank,
)

CLASSES = 7


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200, CLASSES)).astype(np.float32)
    target = rng.integers(0, CLASSES, 200)
    scores[np.arange(200), target] += 1
    return scores, target


@pytest.mark.parametrize('k', [1, 2, 3, 5])
def test_topk_equals_sklearn(scored, k):
    scores, target = scored
    expected = reference.top_k_accuracy_score(
        target, scores, k=k, labels=np.arange(CLASSES)
    )
    assert topk_accuracy(scores, target, (k,))[0] == pytest.approx(expected)


def test_topk_by_hand():
    scores = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5]])
    values = topk_accuracy(scores, [1, 2, 0], topk=(1, 2, 3, 9))
    np.testing.assert_allclose(values, [1 / 3, 2 / 3, 1, 1])


def test_ties_go_to_the_lower_index():
    scores = np.array([[1.0, 1.0, 0.0]] * 3)
    assert true_class_rank(scores, [0, 1, 2]).tolist() == [0, 1, 2]


def test_nan_is_never_right():
    scores = np.array([[np.nan, 1.0], [0.0, 1.0]])
    assert topk_accuracy(scores, [0, 1], (1, 2)).tolist() == [0.5, 0.5]
    assert topk_accuracy(scores, [1, 1], (1, 2)).tolist() == [0.5, 0.5]


def test_topk_without_samples_is_nan():
    empty = np.zeros((0, 3))
    assert np.isnan(topk_accuracy(empty, np.zeros(0, int), (1, 2))).all()


@pytest.mark.parametrize(
    ('scores', 'target', 'topk', 'message'),
    [
        ([[0.0, 1.0]], [0], (0,), 'topk must be 1 or more'),
        ([[0.0, 1.0]], [0, 1], (1,), r'scores must be \[N, C\]'),
        ([0.0, 1.0], [0, 1], (1,), r'scores must be \[N, C\]'),
        ([[0.0, 1.0]], [2], (1,), 'target must hold classes from 0 to 1, got'),
        ([[0.0, 1.0]], [-1], (1,), 'got -1'),
    ],
)
def test_topk_refuses(scores, target, topk, message):
    with pytest.raises(ValueError, match=message):
        topk_accuracy(scores, target, topk)


def test_confusion_matrix_equals_sklearn(scored):
    scores, target = scored
    pred = scores.argmax(1)
    expected = reference.confusion_matrix(
        target, pred, labels=np.arange(CLASSES)
    )
    np.testing.assert_array_equal(
        confusion_matrix(pred, target, CLASSES), expected
    )


@pytest.mark.parametrize(
    ('pred', 'target', 'message'),
    [
        ([0, 1], [0], r'must be \[N\]'),
        ([0, 3], [0, 1], 'pred must hold classes from 0 to 2, got 3'),
        ([0, 1], [0, 3], 'target must hold classes from 0 to 2, got 3'),
    ],
)
def test_confusion_matrix_refuses(pred, target, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(pred, target, 3)


@pytest.mark.parametrize('average', ['macro', 'micro', None])
@pytest.mark.parametrize('known', [CLASSES, CLASSES + 2])
def test_class_scores_equal_sklearn(scored, average, known):
    """Classes that never occur (``known`` > 7) don't lower a macro mean."""
    scores, target = scored
    pred = scores.argmax(1)
    labels = np.arange(known) if average is None else None
    expected = reference.precision_recall_fscore_support(
        target, pred, labels=labels, average=average, zero_division=0
    )
    ours = class_scores(confusion_matrix(pred, target, known), average)
    np.testing.assert_allclose(ours.precision, expected[0])
    np.testing.assert_allclose(ours.recall, expected[1])
    np.testing.assert_allclose(ours.f1, expected[2])
    if average is None:
        np.testing.assert_array_equal(ours.support, expected[3])
    else:
        assert ours.support == 200


def test_class_scores_by_hand():
    # Class 1 is predicted but never true, class 2 true but never predicted.
    matrix = np.array([[2, 1, 0], [0, 0, 0], [1, 0, 0]])
    ours = class_scores(matrix, None)
    np.testing.assert_allclose(ours.precision, [2 / 3, 0, 0])
    np.testing.assert_allclose(ours.recall, [2 / 3, 0, 0])
    np.testing.assert_allclose(ours.f1, [2 / 3, 0, 0])
    assert ours.support.tolist() == [3, 0, 1]
    assert class_scores(matrix, 'macro').f1 == pytest.approx(2 / 9)
    assert class_scores(matrix, 'micro').f1 == pytest.approx(1 / 2)


def test_class_scores_of_nothing():
    empty = np.zeros((3, 3), int)
    assert np.isnan(class_scores(empty, 'macro').f1)
    assert np.isnan(class_scores(empty, 'micro').f1)
    assert class_scores(empty, None).f1.tolist() == [0, 0, 0]


def test_class_scores_refuses_unknown_average():
    with pytest.raises(ValueError, match="got 'weighted'"):
        class_scores(np.eye(2), 'weighted')
