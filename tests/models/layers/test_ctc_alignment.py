import itertools

import pytest
import torch

from trimodal.models.layers.ctc_alignment import AlignedToken, align_ctc


def best_path(log_probs, target, blank=0):
    """The likeliest of all paths that give the target, one by one."""
    steps, count = log_probs.shape
    paths = [
        path
        for path in itertools.product(range(count), repeat=steps)
        if [t for t, _ in itertools.groupby(path) if t != blank] == target
    ]
    return max(paths, key=lambda p: sum(log_probs[range(steps), list(p)]))


@pytest.mark.parametrize('seed', range(6))
def test_spans_of_the_likeliest_path(seed):
    torch.manual_seed(seed)
    log_probs = (2 * torch.randn(2, 6, 3)).log_softmax(2)
    targets, lengths = [[1, 2, 2], [2, 1]], [6, 4]
    for row, tokens in enumerate(align_ctc(log_probs, lengths, targets)):
        path = best_path(log_probs[row, : lengths[row]], targets[row])
        place, expected = 0, []
        for token, steps in itertools.groupby(path):
            end = place + len(list(steps))
            if token:
                expected.append((token, place, end))
            place = end
        assert [(t.token, t.start, t.end) for t in tokens] == expected
        for t in tokens:
            probs = log_probs[row, t.start : t.end, t.token].exp()
            assert t.score == pytest.approx(probs.mean().item(), abs=1e-5)


def test_a_clear_case():
    probs = torch.tensor([[0, 1, 1, 0, 2, 0]])
    log_probs = (20 * torch.nn.functional.one_hot(probs, 3)).float()
    (tokens,) = align_ctc(log_probs.log_softmax(2), [6], [[1, 2]])
    assert tokens == [
        AlignedToken(1, 1, 3, pytest.approx(1.0)),
        AlignedToken(2, 4, 5, pytest.approx(1.0)),
    ]


def test_nothing_to_align():
    assert align_ctc(torch.zeros(1, 3, 3), [0], [[]]) == [[]]


def test_too_few_steps_are_named():
    with pytest.raises(ValueError, match='2 tokens needs 3 steps, sample 1'):
        align_ctc(torch.zeros(2, 3, 3), [3, 2], [[1], [1, 1]])
