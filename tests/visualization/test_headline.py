import pytest
import torch

from trimodal.structures import TriModalDataSample
from trimodal.visualization.figure import GREEN, INK, RED, new_figure
from trimodal.visualization.headline import (
    ClassNames,
    draw_headline,
    label_of,
    to_numpy,
)

NAMES = ClassNames(['zero', 'one'])


def headline(
    sample, draw_gt=True, draw_pred=True, width=12
) -> tuple[str, str]:
    figure = new_figure(width, 1)
    draw_headline(figure, sample, NAMES, draw_gt, draw_pred)
    return figure._suptitle.get_text(), figure._suptitle.get_color()


def test_names():
    assert NAMES.first(3) == ['zero', 'one', '2']
    assert NAMES[-1] == '-1'
    assert ClassNames(None)[0] == '0'


@pytest.mark.parametrize(('truth', 'color'), [(1, GREEN), (0, RED)])
def test_class(truth, color):
    sample = TriModalDataSample().set_pred_score([0.2, 0.8])
    sample.set_gt_label(truth)
    expected = f'predicted: one (0.800)     true: {NAMES[truth]}'
    assert headline(sample) == (expected, color)


def test_only_one_of_them():
    sample = TriModalDataSample().set_pred_label(1).set_gt_label(0)
    assert headline(sample, draw_gt=False) == ('predicted: one', INK)
    assert headline(sample, draw_pred=False) == ('true: zero', INK)
    assert headline(TriModalDataSample()) == (' ', INK)


def test_other_tasks():
    sample = TriModalDataSample().set_pred_text('hello')
    sample.set_gt_value([1.5, 2])
    assert headline(sample)[0] == 'predicted: "hello"     true: 1.5 2'


def test_several_classes():
    sample = TriModalDataSample().set_gt_label([1, 0])
    sample.set_pred_score([0.9, 0.8], threshold=0.5)
    assert headline(sample) == (
        'predicted: zero + one     true: zero + one',
        GREEN,
    )
    sample.set_pred_score([0.1, 0.2], threshold=0.5)
    assert headline(sample) == (
        'predicted: no class     true: zero + one',
        RED,
    )


@pytest.mark.parametrize(('text', 'color'), [(' hi  you', GREEN), ('hi', RED)])
def test_texts(text, color):
    sample = TriModalDataSample().set_pred_text(text).set_gt_text('hi you')
    assert headline(sample)[1] == color
    sample.set_gt_label(1).set_pred_label(0)
    assert headline(sample)[1] == RED


def test_what_is_long_is_cut():
    sample = TriModalDataSample().set_pred_value(torch.arange(9.0))
    sample.set_gt_text('ab' * 30)
    assert headline(sample)[0] == (
        f'predicted: 0 1 2 3 …     true: "{"ab" * 19}a…"'
    )


def test_two_lines_where_one_is_too_long():
    sample = TriModalDataSample().set_pred_label(1).set_gt_label(0)
    assert headline(sample, width=2)[0] == 'predicted: one\ntrue: zero'
    sample.set_pred_text('a' * 30)
    assert headline(sample, width=2)[0].splitlines() == [
        'predicted: one, "aa…',
        'true: zero',
    ]


def test_label_of():
    sample = TriModalDataSample().set_gt_label([1, 2])
    assert label_of(sample, 'gt') is None
    assert label_of(sample, 'pred') is None
    assert label_of(sample.set_gt_label(2), 'gt') == 2


def test_to_numpy():
    assert to_numpy(torch.ones(1, dtype=torch.bfloat16)).dtype == 'float32'
    assert to_numpy([1, 2]).dtype == 'int64'
