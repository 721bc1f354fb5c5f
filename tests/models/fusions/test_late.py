"""Fusion of decisions."""

import pytest
import torch
from torch import Tensor

from tests.models.fusions.small import given, make, real
from trimodal.models import ClsHead, LateFusion
from trimodal.models.fusions.late import RULES
from trimodal.structures import TriModalDataSample


def decisions(fusion: LateFusion, streams: dict, row: int) -> Tensor:
    """The mean logits of what a sample has, float ``[present, K]``."""
    return torch.stack(
        [
            fusion.classifiers[name](real(stream, row)).mean(0)
            for name, stream in streams.items()
            if stream.present[row]
        ]
    )


def expected(rule: str, logits: Tensor) -> Tensor:
    """Class probabilities, by the rule's formula."""
    p = logits.softmax(1)
    if rule == 'mean':
        p = logits.mean(0).exp()
    elif rule == 'mean_prob':
        p = p.mean(0)
    elif rule == 'product':
        p = p.prod(0)
    else:
        p = p.amax(0)
    return p / p.sum()


@pytest.mark.parametrize('rule', ['mean', 'mean_prob', 'product', 'max'])
def test_rules(rule):
    fusion, streams = make(LateFusion, rule=rule), given()
    fused = fusion(streams)
    present = torch.stack([s.present for s in streams.values()], dim=1)
    for row in range(7):
        logits = decisions(fusion, streams, row)
        p = fused.pooled[row].softmax(0)
        torch.testing.assert_close(p, expected(rule, logits))
        got = fused.weights[row][present[row]]
        if rule == 'max':
            best = logits.softmax(1).argmax(0)
            want = [p[best == m].sum() for m in range(len(logits))]
            torch.testing.assert_close(got, torch.stack(want))
        else:
            want = torch.full_like(got, 1 / len(logits))
            torch.testing.assert_close(got, want)
    assert not fused.weights.requires_grad


def test_what_stands_in_the_result():
    """Mean of logits, and logarithms of probabilities, as documented."""
    streams, row = given(), 6
    for rule in ('mean', 'mean_prob', 'max'):
        fusion = make(LateFusion, rule=rule)
        logits = decisions(fusion, streams, row)
        want = {
            'mean': logits.mean(0),
            'mean_prob': logits.softmax(1).mean(0).log(),
            'max': logits.softmax(1).amax(0).log(),
        }[rule]
        torch.testing.assert_close(fusion(streams).pooled[row], want)


def test_weighted_by_learned_confidences():
    fusion, streams = make(LateFusion, rule='weighted'), given()
    fused = fusion(streams)
    row = 6
    logits = decisions(fusion, streams, row)
    scores = torch.stack(
        [
            fusion.confidences[name].weight[0] @ decision
            for name, decision in zip('abc', logits, strict=True)
        ]
    )
    weights = scores.softmax(0)
    torch.testing.assert_close(fused.weights[row], weights)
    torch.testing.assert_close(fused.pooled[row], weights @ logits)
    fused.pooled.square().sum().backward()
    assert all(p.grad.any() for p in fusion.confidences.parameters())


@pytest.mark.parametrize('rule', RULES)
def test_one_modality_decides_alone(rule):
    fusion, streams = make(LateFusion, rule=rule), given()
    fused = fusion(streams)
    want = decisions(fusion, streams, 0)[0].softmax(0)
    torch.testing.assert_close(fused.pooled[0].softmax(0), want)
    assert fused.weights[0].tolist() == [1, 0, 0]


@pytest.mark.parametrize('rule', RULES)
def test_nothing_is_an_even_decision(rule):
    fused = make(LateFusion, rule=rule)(given())
    want = torch.full((8,), 1 / 8)
    torch.testing.assert_close(fused.pooled[7].softmax(0), want)
    assert not fused.weights[7].any()


def test_tokens_are_the_decisions_of_each_step():
    fusion, streams = make(LateFusion, hidden_channels=5), given()
    fused = fusion(streams)
    for row in range(7):
        want = [
            fusion.classifiers[name](real(stream, row))
            for name, stream in streams.items()
        ]
        got = fused.tokens[row][fused.mask[row]]
        torch.testing.assert_close(got, torch.cat(want))


def test_with_the_head_that_takes_decisions():
    fusion = make(LateFusion, rule='product', out_channels=3)
    head = ClsHead(3, 3, decisions=True)
    fused = fusion(given())
    labels = [TriModalDataSample().set_gt_label(i % 3) for i in range(8)]
    head.loss(fused, labels)['loss_cls'].backward()
    assert all(p.grad.any() for p in fusion.parameters())
    scores = [s.pred_score for s in head.predict(fused, labels)]
    want = fused.pooled.softmax(1)
    torch.testing.assert_close(torch.stack(scores), want)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'rule': 'vote'}, "rule .* 'vote'"),
        ({'hidden_channels': 0}, 'hidden_channels'),
        ({'pooling': 'sum'}, 'pooling'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(LateFusion, **changes)
