"""Decoding of connectionist temporal classification, batched.

Shape letters: see :mod:`trimodal.structures.streams`; V tokens of the
vocabulary, K beams, L tokens of the longest text.
"""

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

NEVER = -math.inf
# Fills up the texts that are shorter than the longest.
NOTHING = -1


def greedy_ctc(
    log_probs: Tensor, lengths: Tensor, blank: int = 0
) -> tuple[list[list[int]], Tensor]:
    """The likeliest token of every step, repeats and blanks taken out.

    Args:
        log_probs (Tensor): float ``[B, T, V]``.
        lengths (Tensor): int64 ``[B]``, steps of each that are real.
        blank (int): Number of the blank token. Defaults to 0.

    Returns:
        tuple[list[list[int]], Tensor]: The tokens of each text, and, float
        ``[B]``, the logarithm of the probability of this one path.
    """
    scores, tokens = log_probs.max(2)
    steps = torch.arange(tokens.shape[1], device=tokens.device)
    real = steps < lengths.unsqueeze(1)
    kept = real & (tokens != blank)
    kept[:, 1:] &= tokens[:, 1:] != tokens[:, :-1]
    counts = kept.sum(1).tolist()
    texts = [part.tolist() for part in tokens[kept].cpu().split(counts)]
    return texts, scores.masked_fill(~real, 0).sum(1)


@dataclass(frozen=True)
class _Beams:
    """The best texts so far.

    Args:
        texts (Tensor): int64 ``[B, K, L]``, filled up with ``NOTHING``.
        sizes (Tensor): int64 ``[B, K]``, tokens of each.
        on_blank (Tensor): float ``[B, K]``, log-probability of all paths that
            give the text and end in a blank.
        on_token (Tensor): float ``[B, K]``, of those that end in its last
            token.
    """

    texts: Tensor
    sizes: Tensor
    on_blank: Tensor
    on_token: Tensor

    @property
    def total(self) -> Tensor:
        """Float ``[B, K]``: log-probability of each text."""
        return self.on_blank.logaddexp(self.on_token)

    @property
    def end(self) -> Tensor:
        """int64 ``[B, K, 1]``: where each one's last token stands."""
        return (self.sizes - 1).clamp(min=0).unsqueeze(2)

    @property
    def last(self) -> Tensor:
        """int64 ``[B, K]``: the last token of each, or ``NOTHING``."""
        return self.texts.gather(2, self.end).squeeze(2)

    def with_room(self) -> '_Beams':
        """The same with room for one more token."""
        longest = int(self.sizes.max()) if self.sizes.numel() else 0
        if longest < self.texts.shape[2]:
            return self
        return replace(self, texts=F.pad(self.texts, (0, 1), value=NOTHING))

    def take(self, index: Tensor) -> '_Beams':
        """Some of the beams; ``index`` int64 ``[B, J]``."""
        spread = index.unsqueeze(2).expand(-1, -1, self.texts.shape[2])
        return _Beams(
            self.texts.gather(1, spread),
            self.sizes.gather(1, index),
            self.on_blank.gather(1, index),
            self.on_token.gather(1, index),
        )

    def grow(self, grows: Tensor, token: Tensor, score: Tensor) -> '_Beams':
        """Make some longer by a token, which paths of ``score`` end in."""
        place = self.sizes.unsqueeze(2)
        token = torch.where(grows, token, NOTHING).unsqueeze(2)
        return _Beams(
            self.texts.scatter(2, place, token),
            self.sizes + grows,
            self.on_blank.masked_fill(grows, NEVER),
            torch.where(grows, score, self.on_token),
        )

    def where(self, condition: Tensor, other: '_Beams') -> '_Beams':
        """Of the samples where ``condition`` (bool ``[B]``), else others."""
        rows = condition.unsqueeze(1)
        return _Beams(
            torch.where(rows.unsqueeze(2), self.texts, other.texts),
            torch.where(rows, self.sizes, other.sizes),
            torch.where(rows, self.on_blank, other.on_blank),
            torch.where(rows, self.on_token, other.on_token),
        )


def beam_ctc(
    log_probs: Tensor,
    lengths: Tensor,
    blank: int = 0,
    beam_size: int = 8,
    length_bonus: float = 0.0,
) -> tuple[list[list[int]], Tensor]:
    """The likeliest texts, all paths that give a text taken together.

    Prefix beam search, as in `First-Pass Large Vocabulary Continuous Speech
    Recognition using Bi-Directional Recurrent DNNs
    <https://arxiv.org/abs/1408.2873>`_, without a language model. All samples
    and beams go through a step together. With as many beams as there are
    prefixes it finds the best text for sure.

    Args:
        log_probs (Tensor): float ``[B, T, V]``.
        lengths (Tensor): int64 ``[B]``, steps of each that are real.
        blank (int): Number of the blank token. Defaults to 0.
        beam_size (int): Texts that are kept after each step. Defaults to 8.
        length_bonus (float): Added to the score of a text for each of its
            tokens. Defaults to 0.0.

    Returns:
        tuple[list[list[int]], Tensor]: The tokens of each text, and, float
        ``[B]``, the logarithm of its probability, without the bonus.
    """
    beams = _start(log_probs, beam_size)
    for step in range(int(lengths.max()) if len(lengths) else 0):
        beams = beams.with_room()
        after = _extend(beams, log_probs[:, step], blank, length_bonus)
        beams = after.where(step < lengths, beams)
    ranks = beams.total + length_bonus * beams.sizes
    best = beams.take(ranks.argmax(1, keepdim=True))
    texts, sizes = best.texts.squeeze(1).tolist(), best.sizes.tolist()
    return (
        [text[:size] for text, (size,) in zip(texts, sizes, strict=True)],
        best.total.squeeze(1),
    )


def _start(log_probs: Tensor, beam_size: int) -> _Beams:
    """The empty text, and beams that nothing leads to."""
    shape = (len(log_probs), beam_size)
    sizes = torch.zeros(shape, dtype=torch.int64, device=log_probs.device)
    never = log_probs.new_full(shape, NEVER)
    on_blank = never.clone()
    on_blank[:, 0] = 0
    return _Beams(sizes.new_empty(*shape, 0), sizes, on_blank, never)


def _extend(
    beams: _Beams, log_probs: Tensor, blank: int, length_bonus: float
) -> _Beams:
    """One step further: the best texts, as they were or one token longer.

    Args:
        beams (_Beams): With room for one more token.
        log_probs (Tensor): float ``[B, V]``.
        blank (int): Number of the blank token.
        length_bonus (float): See :func:`beam_ctc`.

    Returns:
        _Beams: As many.
    """
    count, size = log_probs.shape[1], beams.sizes.shape[1]
    last, log_probs = beams.last, log_probs.unsqueeze(1)
    # A token after itself: a new one only if a blank lies between.
    tokens = torch.arange(count, device=last.device)
    again = tokens == last.unsqueeze(2)
    grown = log_probs + torch.where(
        again, beams.on_blank.unsqueeze(2), beams.total.unsqueeze(2)
    )
    grown = grown.masked_fill(tokens == blank, NEVER)
    on_token = beams.on_token + log_probs.masked_fill(~again, NEVER).amax(2)
    on_token, grown = _merge(beams, on_token, grown)
    on_blank = beams.total + log_probs[:, :, blank]
    # The texts as they were, then each with each token.
    totals = [on_blank.logaddexp(on_token), grown.flatten(1)]
    bonus = length_bonus * beams.sizes
    longer = (bonus + length_bonus).repeat_interleave(count, 1)
    ranks = torch.cat(totals, 1) + torch.cat([bonus, longer], 1)
    chosen = ranks.topk(size, 1).indices
    grows, token = chosen >= size, (chosen - size).remainder(count)
    parent = torch.where(grows, (chosen - size) // count, chosen)
    return (
        _Beams(beams.texts, beams.sizes, on_blank, on_token)
        .take(parent)
        .grow(
            grows,
            token,
            grown.flatten(1).gather(1, (chosen - size).clamp(min=0)),
        )
    )


def _merge(
    beams: _Beams, on_token: Tensor, grown: Tensor
) -> tuple[Tensor, Tensor]:
    """Where a text grows into another that is there, add it to that one.

    Args:
        beams (_Beams): The texts.
        on_token (Tensor): float ``[B, K]``: they stay, on their last token.
        grown (Tensor): float ``[B, K, V]``: they grow by each token.

    Returns:
        tuple[Tensor, Tensor]: Both, with what was added taken away.
    """
    last = beams.last
    without = beams.texts.scatter(2, beams.end, NOTHING)
    # [B, K, K]: the second with one token less is the first.
    same = (beams.texts.unsqueeze(2) == without.unsqueeze(1)).all(3)
    alive = beams.total > NEVER
    same &= alive.unsqueeze(2) & (alive & (last >= 0)).unsqueeze(1)
    index = last.clamp(min=0).unsqueeze(1).expand_as(same)
    into = grown.gather(2, index).masked_fill(~same, NEVER).amax(1)
    taken = torch.zeros_like(grown).scatter_add(2, index, same.to(grown.dtype))
    return on_token.logaddexp(into), grown.masked_fill(taken > 0, NEVER)
