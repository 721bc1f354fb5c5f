"""Beam search against every sequence there is, and by hand."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from trimodal.models.layers import BeamSearch
from trimodal.models.layers.beam_search import repel

END = 2
FORBIDDEN = (0, 1)


class TableModel:
    """A model whose next token depends on the sample and all before.

    The logits are drawn from the tokens so far, so that nothing is alike.
    """

    def __init__(self, samples: list[int], size: int = 6, scale: float = 2.0):
        self.samples, self.size, self.scale = samples, size, scale
        self.told = [[()] for _ in samples]
        self.calls = 0

    def logits(self, sample: int, told: tuple[int, ...]) -> Tensor:
        seed = hash((sample, *told)) % 2**31
        generator = torch.Generator().manual_seed(seed)
        return self.scale * torch.randn(self.size, generator=generator)

    def __call__(self, tokens: Tensor, parents: Tensor | None) -> Tensor:
        self.calls += 1
        if self.calls > 1:
            self.told = [
                [
                    told[row[beam] if row else beam] + (token,)
                    for beam, token in enumerate(line)
                ]
                for told, line, row in zip(
                    self.told,
                    tokens.tolist(),
                    [None] * len(tokens)
                    if parents is None
                    else parents.tolist(),
                    strict=True,
                )
            ]
        return torch.stack(
            [
                torch.stack([self.logits(sample, t) for t in told])
                for sample, told in zip(self.samples, self.told, strict=True)
            ]
        )


def find(search: BeamSearch, samples: list[int], **options):
    model = TableModel(samples, **options)
    first = torch.ones(len(samples), dtype=torch.int64)
    found = search(model, first, END, FORBIDDEN)
    texts = []
    for numbers in found.tokens.tolist():
        numbers = [*numbers, END]
        texts.append(tuple(numbers[: numbers.index(END)]))
    return texts, found.scores, model


def score_of(sample: int, told: tuple[int, ...], search: BeamSearch) -> float:
    """By hand: what a sequence scores, its end counted in."""
    model, total = TableModel([sample]), 0.0
    for place, token in enumerate((*told, END)):
        logits = model.logits(sample, told[:place]).tolist()
        for other in set(told[:place]):
            penalty = search.repetition_penalty
            if logits[other] > 0:
                penalty = 1 / penalty
            logits[other] *= penalty
        whole = math.log(sum(math.exp(x) for x in logits))
        total += logits[token] - whole
    return total / ((5 + len(told) + 1) / 6) ** search.length_penalty


@pytest.mark.parametrize(
    'options',
    [
        {},
        {'length_penalty': 1.0},
        {'length_penalty': -0.7},
        {'repetition_penalty': 1.7},
        {'min_length': 2, 'length_penalty': 0.6},
        {'min_length': 4, 'repetition_penalty': 0.8},
    ],
)
def test_wide_beam_finds_the_best_of_all(options):
    search = BeamSearch(beam_size=200, max_length=4, **options)
    texts, scores, _ = find(search, [3, 4, 5])
    for row, sample in enumerate((3, 4, 5)):
        every = [
            told
            for length in range(search.min_length, 5)
            for told in itertools.product((3, 4, 5), repeat=length)
        ]
        values = [score_of(sample, told, search) for told in every]
        assert texts[row] == every[values.index(max(values))]
        assert scores[row].item() == pytest.approx(max(values), abs=1e-5)


@pytest.mark.parametrize('penalty', [0.0, 1.5])
@pytest.mark.parametrize('repetition', [1.0, 1.5])
def test_one_beam_is_greedy(penalty, repetition):
    search = BeamSearch(
        max_length=8, length_penalty=penalty, repetition_penalty=repetition
    )
    samples = list(range(20))
    texts, scores, _ = find(search, samples)
    for sample, text, score in zip(samples, texts, scores, strict=True):
        told: tuple[int, ...] = ()
        while len(told) < 8:
            logits = TableModel([sample]).logits(sample, told)[None, None]
            seen = torch.tensor(told, dtype=torch.int64)[None, None]
            logits = repel(logits, seen, repetition)[0, 0]
            token = logits[END:].argmax().item() + END
            if token == END:
                break
            told = (*told, token)
        assert text == told
        want = score_of(sample, told, search)
        assert score.item() == pytest.approx(want, abs=1e-5)
    assert len({len(text) for text in texts}) > 2


def test_wider_beams_find_no_worse_on_the_whole():
    sums = []
    for size in (1, 3, 10, 60):
        search = BeamSearch(beam_size=size, max_length=6)
        texts, scores, _ = find(search, list(range(30)))
        for sample, (text, score) in enumerate(
            zip(texts, scores, strict=True)
        ):
            want = score_of(sample, text, search)
            assert score.item() == pytest.approx(want, abs=1e-5)
        sums.append(scores.sum().item())
    assert sums == sorted(sums)
    assert sums[0] < sums[-1]


@pytest.mark.parametrize('size', [1, 3])
def test_several_equal_each_alone(size):
    search = BeamSearch(
        beam_size=size,
        max_length=9,
        length_penalty=0.8,
        repetition_penalty=1.2,
    )
    samples = list(range(12))
    texts, scores, _ = find(search, samples)
    for sample in samples:
        alone, score, _ = find(search, [sample])
        assert alone == [texts[sample]]
        torch.testing.assert_close(score, scores[sample : sample + 1])


def test_stops_when_all_are_done():
    class Ending(TableModel):
        def logits(self, sample, told):
            logits = torch.zeros(self.size)
            logits[END if len(told) >= sample else 3] = 9.0
            return logits

    for size in (1, 4):
        model = Ending([2, 5])
        search = BeamSearch(beam_size=size, max_length=50)
        found = search(model, torch.ones(2).long(), END, FORBIDDEN)
        assert model.calls == 6
        lengths = (found.tokens != END).sum(1)
        assert lengths.tolist() == [2, 5]


def test_length_penalty_by_hand():
    """P(end) = 0.5 at once; else 'a', then the end with 0.9."""

    def step(tokens: Tensor, parents: Tensor | None) -> Tensor:
        first = torch.tensor([0.0, 0.0, 0.5, 0.5])
        then = torch.tensor([0.0, 0.0, 0.9, 0.1])
        at_start = tokens.unsqueeze(2) == 1
        return torch.where(at_start, first, then).log()

    first = torch.ones(1, dtype=torch.int64)
    short = BeamSearch(beam_size=4, max_length=3)(step, first, END, ())
    assert short.tokens.tolist() == [[END] * 3]
    assert short.scores.item() == pytest.approx(math.log(0.5))
    # log 0.45 / (7 / 6) ** 2 = -0.5867 against log 0.5 / 1 = -0.6931.
    long = BeamSearch(beam_size=4, max_length=3, length_penalty=2.0)
    found = long(step, first, END, ())
    assert found.tokens.tolist() == [[3, END, END]]
    assert found.scores.item() == pytest.approx(-0.586659, abs=1e-6)


def test_repetition_penalty_by_hand():
    logits = torch.tensor([[[2.0, -1.0, 3.0, -4.0]]])
    history = torch.tensor([[[0, 3, 0]]])
    want = torch.tensor([[[1.0, -1.0, 3.0, -8.0]]])
    assert torch.equal(repel(logits, history, 2.0), want)
    assert logits[0, 0, 0] == 2


def test_repetition_penalty_breaks_a_loop():
    def step(tokens: Tensor, parents: Tensor | None) -> Tensor:
        logits = torch.tensor([-9.0, -9.0, 0.5, 1.0, 0.8])
        return logits.expand(*tokens.shape, 5)

    first = torch.ones(1, dtype=torch.int64)
    loop = BeamSearch(max_length=4)(step, first, END, ())
    assert loop.tokens.tolist() == [[3] * 4]
    free = BeamSearch(max_length=4, repetition_penalty=2.5)
    assert free(step, first, END, ()).tokens.tolist() == [[3, 4, END, END]]


def test_forbidden_tokens_and_short_texts_never_come():
    search = BeamSearch(beam_size=3, max_length=5, min_length=3)
    texts, scores, _ = find(search, list(range(40)))
    assert scores.isfinite().all()
    assert all(3 <= len(text) <= 5 for text in texts)
    assert not {0, 1} & {token for text in texts for token in text}


def test_nobody_to_search_for():
    def step(tokens: Tensor, parents: Tensor | None) -> Tensor:
        return torch.zeros(*tokens.shape, 5)

    first = torch.ones(0, dtype=torch.int64)
    found = BeamSearch(beam_size=2, max_length=3)(step, first, END, ())
    assert found.tokens.shape == (0, 3)
    assert found.scores.shape == (0,)


def test_weak_ends_do_not_stop_the_search():
    """Three poor ends come first; the good one comes after them."""

    def step(tokens: Tensor, parents: Tensor | None) -> Tensor:
        nonlocal calls
        calls += 1
        ends = 0.97 if calls == 5 else 0.02
        goes = torch.tensor([0.0, 0.0, ends, 0.99 - ends, 0.01])
        return goes.log().expand(*tokens.shape, 5)

    calls, first = 0, torch.ones(1, dtype=torch.int64)
    found = BeamSearch(beam_size=3, max_length=9)(step, first, END, ())
    assert found.tokens.tolist() == [[3] * 4 + [END] * 5]


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'beam_size': 0}, 'beam_size .*got 0'),
        ({'max_length': 0}, 'max_length'),
        ({'repetition_penalty': 0.0}, 'repetition_penalty'),
        ({'min_length': -1}, 'min_length'),
        ({'min_length': 5, 'max_length': 4}, 'min_length .*4, got 5'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        BeamSearch(**changes)
