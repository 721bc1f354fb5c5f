import itertools
import math

import pytest
import torch

from trimodal.models.layers.ctc_decoding import beam_ctc, greedy_ctc


def collapse(path, blank=0):
    return tuple(t for t, _ in itertools.groupby(path) if t != blank)


def every_text(log_probs, blank=0):
    """The log-probability of every text: the sum over all its paths."""
    steps, count = log_probs.shape
    sums: dict = {}
    for path in itertools.product(range(count), repeat=steps):
        score = sum(log_probs[t, c].item() for t, c in enumerate(path))
        text = collapse(path, blank)
        sums[text] = sums.get(text, 0) + math.exp(score)
    return {text: math.log(value) for text, value in sums.items()}


def random_log_probs(seed, *shape, sharpness=2.0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(*shape, generator=generator, dtype=torch.float64)
    return (sharpness * x).log_softmax(-1)


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('bonus', [0.0, 1.5])
@pytest.mark.parametrize('blank', [0, 2])
def test_a_wide_beam_finds_the_best_of_all_texts(seed, bonus, blank):
    log_probs = random_log_probs(seed, 3, 5, 3)
    lengths = torch.tensor([5, 3, 4])
    texts, scores = beam_ctc(log_probs, lengths, blank, 64, bonus)
    for row, length in enumerate(lengths.tolist()):
        sums = every_text(log_probs[row, :length], blank)
        best = max(sums, key=lambda text: sums[text] + bonus * len(text))
        assert tuple(texts[row]) == best
        assert scores[row].item() == pytest.approx(sums[best], abs=1e-9)


@pytest.mark.parametrize('seed', range(5))
def test_a_narrow_beam_is_nearly_as_good(seed):
    log_probs = random_log_probs(seed, 1, 6, 4)
    sums = every_text(log_probs[0])
    (text,), score = beam_ctc(log_probs, torch.tensor([6]), beam_size=6)
    assert tuple(text) == max(sums, key=lambda t: sums[t])
    # What was dropped on the way is missing in the sum.
    assert score.item() == pytest.approx(sums[tuple(text)], abs=0.1)


def test_beams_see_what_greedy_does_not():
    # Blank is likeliest in each step, but the text 'a' has more paths.
    log_probs = torch.tensor([[[0.6, 0.4], [0.6, 0.4]]]).log()
    length = torch.tensor([2])
    assert greedy_ctc(log_probs, length)[0] == [[]]
    texts, scores = beam_ctc(log_probs, length)
    assert texts == [[1]]
    assert scores.exp().item() == pytest.approx(0.64)


@pytest.mark.parametrize('seed', range(3))
def test_greedy_takes_repeats_and_blanks_out(seed):
    log_probs = random_log_probs(seed, 4, 9, 3)
    lengths = torch.tensor([9, 0, 4, 7])
    texts, scores = greedy_ctc(log_probs, lengths)
    for row, length in enumerate(lengths.tolist()):
        values, path = log_probs[row, :length].max(1)
        assert tuple(texts[row]) == collapse(path.tolist())
        assert scores[row].item() == pytest.approx(values.sum().item())


@pytest.mark.parametrize('decode', [greedy_ctc, beam_ctc])
def test_padding_changes_nothing(decode):
    log_probs = random_log_probs(3, 3, 8, 4)
    lengths = torch.tensor([8, 5, 0])
    texts, scores = decode(log_probs, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone, score = decode(
            log_probs[row : row + 1, :length], lengths[row:][:1]
        )
        assert texts[row] == alone[0]
        torch.testing.assert_close(scores[row], score[0])
    assert texts[2] == []
    assert scores[2] == 0


@pytest.mark.parametrize('decode', [greedy_ctc, beam_ctc])
def test_no_samples(decode):
    texts, scores = decode(torch.zeros(0, 4, 3), torch.zeros(0).long())
    assert texts == []
    assert scores.shape == (0,)


def test_what_cannot_be_is_never_chosen():
    log_probs = torch.full((1, 3, 3), -math.inf)
    log_probs[0, :, 1] = 0
    texts, scores = beam_ctc(log_probs, torch.tensor([3]), beam_size=5)
    assert texts == [[1]]
    assert scores.item() == 0
