import numpy as np
import pytest
from sklearn import metrics as reference

from trimodal.evaluation.functional import multi_label_scores


@pytest.mark.parametrize('threshold', [0.5, 0.8])
def test_equals_sklearn(threshold):
    rng = np.random.default_rng(0)
    target = rng.random((60, 4)) < (0.1, 0.3, 0.5, 0.9)
    scores = (rng.random((60, 4)) + 0.3 * target).clip(0, 1)
    pred = scores >= threshold
    assert multi_label_scores(scores, target, threshold) == pytest.approx(
        {
            'map': reference.average_precision_score(target, scores),
            'f1_micro': reference.f1_score(target, pred, average='micro'),
            'f1_macro': reference.f1_score(target, pred, average='macro'),
            'exact_match': reference.accuracy_score(target, pred),
            'hamming': reference.hamming_loss(target, pred),
        }
    )


def test_classes_that_never_occur_are_left_out():
    """The third class is never true, the fourth neither true nor said."""
    scores = np.array([[0.9, 0.1, 0.6, 0.1], [0.2, 0.7, 0.3, 0.2]])
    target = np.array([[1, 0, 0, 0], [0, 1, 0, 0]], dtype=bool)
    figures = multi_label_scores(scores, target)
    assert figures['map'] == 1
    assert figures['f1_macro'] == pytest.approx(
        reference.f1_score(
            target, scores >= 0.5, average='macro', zero_division=np.nan
        )
    )
    assert figures['f1_macro'] == pytest.approx(2 / 3)
    assert figures['f1_micro'] == pytest.approx(4 / 5)


def test_nan():
    for scores in (np.zeros((0, 3)), np.array([[np.nan, 0.1, 0.2]])):
        figures = multi_label_scores(scores, np.ones(scores.shape, bool))
        assert all(np.isnan(value) for value in figures.values())
    nothing = multi_label_scores([[0.1, 0.1]], [[False, False]])
    assert np.isnan(
        [nothing[k] for k in ('map', 'f1_micro', 'f1_macro')]
    ).all()
    assert (nothing['exact_match'], nothing['hamming']) == (1, 0)
