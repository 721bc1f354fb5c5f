"""Beam search: the likeliest sequence of a model that says what comes next.

Shape letters: see :mod:`trimodal.structures.streams`; K beams of a sample, V
tokens of the vocabulary, L steps so far.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trimodal.models.layers.checks import check_not_negative, check_positive
from trimodal.registry import TASK_UTILS

# Of the last tokens, int64 [B, K], and the beams that they follow, int64 [B,
# K] (None: the same as before), makes the logits of the next, [B, K, V].
Step = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Found:
    """The best sequence of each sample.

    Args:
        tokens (Tensor): int64 ``[B, max_length]``, filled up with the end
            token; the first token is not among them.
        scores (Tensor): float32 ``[B]``, the log-probability over the length
            penalty.
    """

    tokens: Tensor
    scores: Tensor


@TASK_UTILS.register_module()
class BeamSearch:
    """Keep the best few beginnings, and lengthen all of them at once.

    A sequence that ends scores ``log P / ((5 + length) / 6) ** alpha``, its
    end counted in (`Google's Neural Machine Translation System
    <https://arxiv.org/abs/1609.08144>`_, section 7, without coverage). It
    counts when it is among the ``beam_size`` best continuations of its step.
    A sample is done when nothing that goes on can become better. A
    ``beam_size`` of 1 is greedy search, which is done at the first end.

    Args:
        beam_size (int): Beginnings that are kept. Defaults to 1.
        max_length (int): Tokens of a sequence at most, its end not counted:
            what is as long is made to end. Defaults to 200.
        min_length (int): Tokens at least. Defaults to 0.
        length_penalty (float): The exponent alpha; more than 0 favours
            longer sequences. Defaults to 0.0.
        repetition_penalty (float): By how much the logits of tokens that are
            in the sequence already are divided where positive, multiplied
            where negative (`CTRL <https://arxiv.org/abs/1909.05858>`_,
            section 4.1). Defaults to 1.0, not at all.

    Raises:
        ValueError: If ``beam_size``, ``max_length`` or
            ``repetition_penalty`` is not positive, or ``min_length`` is
            negative or above ``max_length``.
    """

    def __init__(
        self,
        beam_size: int = 1,
        max_length: int = 200,
        min_length: int = 0,
        length_penalty: float = 0.0,
        repetition_penalty: float = 1.0,
    ) -> None:
        check_positive(
            beam_size=beam_size,
            max_length=max_length,
            repetition_penalty=repetition_penalty,
        )
        check_not_negative(min_length=min_length)
        if min_length > max_length:
            raise ValueError(
                f'min_length must be at most max_length {max_length}, got '
                f'{min_length}'
            )
        self.beam_size = beam_size
        self.max_length = max_length
        self.min_length = min_length
        self.length_penalty = length_penalty
        self.repetition_penalty = repetition_penalty

    @torch.no_grad()
    def __call__(
        self, step: Step, first: Tensor, end: int, forbidden: Sequence[int]
    ) -> Found:
        """Search.

        Args:
            step (Callable): Takes the last tokens, int64 ``[B, K]``, and the
                beams they follow, int64 ``[B, K]``, or None for the same as
                before; gives the logits of the next tokens, ``[B, K, V]``.
                K starts at 1 and may change with every call.
            first (Tensor): int64 ``[B]``, the token that begins a sequence.
            end (int): The token that ends one.
            forbidden (Sequence[int]): Tokens that never come.

        Returns:
            Found: The best sequence of each sample.
        """
        beams = _Beams(self, first, end)
        tokens, parents = first.unsqueeze(1), None
        closed = torch.tensor(list(forbidden), device=first.device).long()
        while True:
            log_probs = self._log_probs(step(tokens, parents), beams, end)
            log_probs.index_fill_(2, closed, -math.inf)
            values, parents, tokens = beams.candidates(log_probs)
            beams.end(values, parents, tokens)
            parents, tokens = beams.go_on(values, parents, tokens)
            if beams.finished():
                return Found(beams.best, beams.best_scores)
            if self.beam_size == 1:
                parents = None

    def score(self, log_prob: Tensor, length: int) -> Tensor:
        """What sequences of ``length`` tokens, their end counted, score."""
        return log_prob / ((5 + length) / 6) ** self.length_penalty

    def _log_probs(self, logits: Tensor, beams: '_Beams', end: int) -> Tensor:
        """Of the next token, as far as the lengths allow it."""
        logits = logits.float()
        if self.repetition_penalty != 1:
            logits = repel(logits, beams.history, self.repetition_penalty)
        log_probs = logits.log_softmax(-1)
        length = beams.history.shape[2]
        if length < self.min_length:
            log_probs[..., end] = -math.inf
        if length == self.max_length:
            last = log_probs[..., end].clone()
            log_probs.fill_(-math.inf)[..., end] = last
        return log_probs


def repel(logits: Tensor, history: Tensor, penalty: float) -> Tensor:
    """Make tokens that were there less likely, as CTRL does.

    Args:
        logits (Tensor): float ``[B, K, V]``.
        history (Tensor): int64 ``[B, K, L]``, tokens so far.
        penalty (float): More than 1 makes them less likely.

    Returns:
        Tensor: float ``[B, K, V]``.
    """
    seen = logits.gather(2, history)
    seen = torch.where(seen > 0, seen / penalty, seen * penalty)
    return logits.scatter(2, history, seen)


class _Beams:
    """What goes on, and the best of what has ended."""

    def __init__(self, search: BeamSearch, first: Tensor, end: int) -> None:
        self.search = search
        self.end_token = end
        size = len(first)
        self.history = first.new_empty(size, 1, 0)
        self.log_prob = first.new_zeros(size, 1, dtype=torch.float32)
        self.best = first.new_full((size, search.max_length), end)
        self.best_scores = self.log_prob.new_full((size,), -math.inf)
        self.done = first.new_zeros(size, dtype=torch.bool)

    def candidates(self, log_probs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best continuations of each sample, best first.

        Each beam can end once: of twice as many as there are beams, enough go
        on.

        Returns:
            tuple[Tensor, Tensor, Tensor]: Log-probabilities, beams and
            tokens, ``[B, up to 2 * beam_size]``.
        """
        size = log_probs.shape[-1]
        total = (self.log_prob.unsqueeze(2) + log_probs).flatten(1)
        many = min(2 * self.search.beam_size, total.shape[1])
        values, places = total.topk(many, dim=1)
        return values, places // size, places % size

    def end(self, values: Tensor, parents: Tensor, tokens: Tensor) -> None:
        """Take up what ends among the best, if it is better."""
        size, length = self.search.beam_size, self.history.shape[2]
        scores = self.search.score(values[:, :size], length + 1)
        ends = (tokens[:, :size] == self.end_token) & scores.isfinite()
        ends &= ~self.done.unsqueeze(1)
        scores, which = scores.masked_fill(~ends, -math.inf).max(1)
        better = scores > self.best_scores
        self.best_scores = torch.where(better, scores, self.best_scores)
        rows = torch.arange(len(better), device=better.device)
        ended = self.history[rows, parents[rows, which]]
        self.best[:, :length] = torch.where(
            better.unsqueeze(1), ended, self.best[:, :length]
        )

    def go_on(
        self, values: Tensor, parents: Tensor, tokens: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Lengthen the best that don't end; their beams and tokens."""
        values = values.masked_fill(tokens == self.end_token, -math.inf)
        many = min(self.search.beam_size, values.shape[1])
        self.log_prob, places = values.topk(many, dim=1)
        parents, tokens = parents.gather(1, places), tokens.gather(1, places)
        before = self.history.gather(
            1, parents.unsqueeze(2).expand(-1, -1, self.history.shape[2])
        )
        self.history = torch.cat([before, tokens.unsqueeze(2)], dim=2)
        return parents, tokens

    def finished(self) -> bool:
        """Whether nothing that goes on can become better, in any sample.

        Log-probabilities only fall: the best that can come of one is that it
        costs nothing more, at the shortest or at the greatest length.
        """
        length, longest = self.history.shape[2], self.search.max_length
        if length > longest:
            return True
        best = self.log_prob[:, 0]
        hope = torch.maximum(
            self.search.score(best, length + 1),
            self.search.score(best, longest + 1),
        )
        self.done |= hope <= self.best_scores
        if self.search.beam_size == 1:
            self.done |= self.best_scores.isfinite()
        return bool(self.done.all())
