import numpy as np
import pytest
from sklearn import metrics as reference

from trimodal.evaluation.functional import average_precision, roc_auc


@pytest.mark.parametrize('ties', [False, True])
def test_equals_sklearn(ties):
    rng = np.random.default_rng(0)
    positive = rng.random((80, 5)) < (0.05, 0.2, 0.5, 0.8, 0.95)
    scores = rng.normal(size=(80, 5)) + positive
    if ties:
        scores = scores.round()
    areas, means = (
        roc_auc(scores, positive),
        average_precision(scores, positive),
    )
    for i in range(5):
        column = positive[:, i], scores[:, i]
        assert areas[i] == pytest.approx(reference.roc_auc_score(*column))
        assert means[i] == pytest.approx(
            reference.average_precision_score(*column)
        )


def test_area_by_hand():
    """Of six pairs five are in order and one is a tie."""
    scores = np.array([[0.9], [0.5], [0.5], [0.2], [0.1]])
    positive = np.array([[True], [True], [False], [False], [False]])
    assert roc_auc(scores, positive).tolist() == [5.5 / 6]


def test_precision_by_hand():
    """Places 1 and 3, then two that share the places 4 and 5."""
    scores = np.array([[0.9], [0.8], [0.7], [0.5], [0.5]])
    positive = np.array([[True], [False], [True], [True], [False]])
    expected = (1 + 2 / 3 + 3 / 5) / 3
    assert average_precision(scores, positive)[0] == pytest.approx(expected)


def test_classes_without_a_figure():
    scores = np.random.default_rng(0).random((4, 3))
    scores[0, 2] = np.nan
    positive = np.array([[0, 1, 1], [0, 1, 0], [0, 1, 1], [0, 1, 0]], bool)
    assert np.isnan(roc_auc(scores, positive)).tolist() == [True, True, True]
    found = average_precision(scores, positive)
    assert np.isnan(found).tolist() == [True, False, True]
    assert found[1] == 1
    empty = np.zeros((0, 2))
    assert np.isnan(roc_auc(empty, empty)).all()
    assert np.isnan(average_precision(empty, empty)).all()


@pytest.mark.parametrize('function', [roc_auc, average_precision])
def test_refuses_other_shapes(function):
    with pytest.raises(ValueError, match=r'must be \[N, C\], got \(2, 3\)'):
        function(np.zeros((2, 3)), np.zeros((2, 2)))
