"""Which steps say which token: forced alignment through torchaudio.

Shape letters: see :mod:`trimodal.structures.streams`; V tokens of the
vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torchaudio.functional import forced_align, merge_tokens


@dataclass(frozen=True)
class AlignedToken:
    """A token and the steps that say it.

    Args:
        token (int): Its number.
        start (int): The first step.
        end (int): The step behind the last.
        score (float): Mean probability of the token over its steps.
    """

    token: int
    start: int
    end: int
    score: float


def align_ctc(
    log_probs: Tensor,
    lengths: Sequence[int],
    targets: Sequence[Sequence[int]],
    blank: int = 0,
) -> list[list[AlignedToken]]:
    """Find the likeliest path of each text (torchaudio's forced alignment).

    torchaudio aligns one sample at a time, so there is a loop.

    Args:
        log_probs (Tensor): float ``[B, T, V]``.
        lengths (Sequence[int]): Steps of each that are real.
        targets (Sequence[Sequence[int]]): The tokens of each text.
        blank (int): Number of the blank token. Defaults to 0.

    Returns:
        list[list[AlignedToken]]: Those of each text, in order.

    Raises:
        ValueError: If a text needs more steps than there are.
    """
    log_probs = log_probs.detach().float().cpu()
    return [
        _align(row[:length], list(target), blank, number)
        for number, (row, length, target) in enumerate(
            zip(log_probs, lengths, targets, strict=True)
        )
    ]


def _align(
    log_probs: Tensor, target: list[int], blank: int, number: int
) -> list[AlignedToken]:
    needed = len(target) + sum(a == b for a, b in pairwise(target))
    if len(log_probs) < needed:
        raise ValueError(
            f'a text of {len(target)} tokens needs {needed} steps, sample '
            f'{number} of the batch has {len(log_probs)}'
        )
    if not target:
        return []
    tokens = torch.tensor([target], dtype=torch.int32)
    path, scores = forced_align(log_probs.unsqueeze(0), tokens, blank=blank)
    spans = merge_tokens(path[0], scores[0].exp(), blank)
    return [AlignedToken(s.token, s.start, s.end, s.score) for s in spans]
