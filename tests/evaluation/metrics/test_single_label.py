import numpy as np
import pytest
from sklearn import metrics as reference

from trimodal.evaluation import SingleLabelMetric


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return rng.random((50, 4)), rng.integers(0, 4, 50)


def run(metric, data_samples) -> dict:
    metric.process(None, data_samples)
    return metric.evaluate(len(data_samples))


@pytest.mark.parametrize('average', ['macro', 'micro'])
def test_averages_equal_sklearn(samples, arrays, average):
    scores, target = arrays
    metric = SingleLabelMetric(average=average)
    result = run(metric, samples(scores, target))
    p, r, f, _ = reference.precision_recall_fscore_support(
        target, scores.argmax(1), average=average
    )
    end = '_micro' if average == 'micro' else ''
    assert result == {
        f'single-label/precision{end}': pytest.approx(p),
        f'single-label/recall{end}': pytest.approx(r),
        f'single-label/f1-score{end}': pytest.approx(f),
        f'single-label/support{end}': 50,
    }


def test_no_average_gives_a_number_for_each_class(samples, arrays):
    scores, target = arrays
    metric = SingleLabelMetric(items=['f1-score', 'support'], average=None)
    metric.dataset_meta = {'classes': ['a', 'b', 'c', 'd']}
    result = run(metric, samples(scores, target))
    f1 = reference.f1_score(target, scores.argmax(1), average=None)
    assert len(result) == 8
    assert result['single-label/f1-score/b'] == pytest.approx(f1[1])
    assert result['single-label/support/d'] == (target == 3).sum()
    assert all(isinstance(v, int | float) for v in result.values())


def test_unlabelled(samples):
    result = run(
        SingleLabelMetric(['recall']), samples([[0, 1]] * 3, [1, None, 0])
    )
    assert result == {
        'single-label/recall': 0.5,
        'single-label/unlabelled': 1,
    }


def test_nothing_labelled(samples):
    result = run(SingleLabelMetric(), samples([[0, 1]], [None]))
    assert np.isnan(result['single-label/f1-score'])
    assert result['single-label/support'] == 0


def test_class_outside_the_names(samples):
    metric = SingleLabelMetric()
    metric.dataset_meta = {'classes': ['a', 'b']}
    with pytest.raises(ValueError, match='pred must hold classes from 0 to 1'):
        run(metric, samples([[0, 0, 1]], [1]))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'items': ('f1',)}, 'items must be some of'),
        ({'items': ()}, 'items must be some of'),
        ({'items': 'recall'}, 'items must be some of'),
        ({'average': 'weighted'}, 'average must be one of'),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        SingleLabelMetric(**arguments)
