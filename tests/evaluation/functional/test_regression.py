import warnings

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from trimodal.evaluation.functional.regression import (
    REGRESSION_ITEMS,
    mean_over_outputs,
    regression_scores,
)


def arrays(holes: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    target = rng.normal(size=(60, 3)) * (1, 10, 100)
    pred = target * 0.7 + rng.normal(size=(60, 3)) * (1, 5, 30) + 2
    # Ties, of which the ranks are means.
    pred[:, 0], target[:, 0] = pred[:, 0].round(), target[:, 0].round()
    if holes:
        target[rng.random(target.shape) < 0.3] = np.nan
    return pred, target


@pytest.mark.parametrize('holes', [False, True])
def test_equals_sklearn_and_scipy(holes):
    pred, target = arrays(holes)
    ours = regression_scores(pred, target)
    assert tuple(ours) == REGRESSION_ITEMS
    for i in range(3):
        known = ~np.isnan(target[:, i])
        p, t = pred[known, i], target[known, i]
        expected = {
            'mse': reference.mean_squared_error(t, p),
            'rmse': reference.root_mean_squared_error(t, p),
            'mae': reference.mean_absolute_error(t, p),
            'r2': reference.r2_score(t, p),
            'pearson': stats.pearsonr(p, t).statistic,
            'spearman': stats.spearmanr(p, t).statistic,
            # Lin's formula, from numpy's covariance.
            'ccc': 2
            * np.cov(p, t, ddof=0)[0, 1]
            / (p.var() + t.var() + (p.mean() - t.mean()) ** 2),
        }
        found = {item: values[i] for item, values in ours.items()}
        assert found == pytest.approx(expected, rel=1e-12)


def test_mean_equals_sklearns_average():
    pred, target = arrays()
    ours = regression_scores(pred, target, ('r2', 'rmse'))
    assert tuple(ours) == ('r2', 'rmse')
    assert mean_over_outputs(ours['r2'], pred, target) == pytest.approx(
        reference.r2_score(target, pred)
    )
    assert mean_over_outputs(ours['rmse'], pred, target) == pytest.approx(
        reference.root_mean_squared_error(target, pred)
    )


def test_by_hand():
    """Shifted by one: correlation is perfect, concordance is not."""
    target = np.array([[0.0], [1.0], [2.0]])
    ours = regression_scores(target + 1, target)
    assert ours['mse'].tolist() == ours['mae'].tolist() == [1]
    assert ours['pearson'].tolist() == pytest.approx([1])
    assert ours['spearman'].tolist() == pytest.approx([1])
    # 2 * 2/3 / (2/3 + 2/3 + 1) and 1 - 3 / 2.
    assert ours['ccc'].tolist() == pytest.approx([4 / 7])
    assert ours['r2'].tolist() == pytest.approx([-0.5])


def test_what_is_undefined_is_nan_and_not_in_the_mean():
    pred = np.array([[1.0, 1.0, 3.0, 0.1], [2.0, 2.0, 3.0, 0.1]])
    # Outputs: annotated; never; one number for all (0.1 + 0.2: rounding).
    target = np.array([[1.0, np.nan, 0.3, 0.5], [2.0, np.nan, 0.3, 0.7]])
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        ours = regression_scores(pred, target)
    assert np.isnan(ours['mse']).tolist() == [False, True, False, False]
    assert np.isnan(ours['r2']).tolist() == [False, True, True, False]
    assert np.isnan(ours['pearson']).tolist() == [False, True, True, True]
    assert np.isnan(ours['spearman']).tolist() == [False, True, True, True]
    assert np.isnan(ours['ccc']).tolist() == [False, True, False, False]
    assert ours['ccc'][2] == 0
    assert mean_over_outputs(ours['pearson'], pred, target) == 1
    same = regression_scores([[2.0], [2.0]], [[2.0], [2.0]])
    assert np.isnan(same['ccc'][0])
    assert same['mse'][0] == 0


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_a_diverged_model_is_nan(bad):
    pred, target = arrays()
    pred[0, 1] = bad
    for values in regression_scores(pred, target).values():
        assert np.isnan(values).tolist() == [False, True, False]
        assert np.isnan(mean_over_outputs(values, pred, target))
    target[0, 1] = np.nan  # nobody asked for that one
    for values in regression_scores(pred, target).values():
        assert np.isfinite(values).all()
        assert np.isfinite(mean_over_outputs(values, pred, target))


def test_nothing_is_nan():
    for values in regression_scores(
        np.zeros((0, 2)), np.zeros((0, 2))
    ).values():
        assert np.isnan(values).tolist() == [True, True]


def test_refuses_other_shapes():
    with pytest.raises(ValueError, match=r'must be \[N, D\], got \(2,\)'):
        regression_scores(np.zeros(2), np.zeros(2))
