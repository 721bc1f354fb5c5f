"""Targets of classification, read from data samples and in one form."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from trimodal.structures import TriModalDataSample

Samples = Sequence[TriModalDataSample]


def class_shares(target: Tensor, num_classes: int) -> Tensor:
    """What each class's share of a target is.

    Args:
        target (Tensor): int64 ``[N]``, classes, or float ``[N, classes]``,
            shares.
        num_classes (int): Classes.

    Returns:
        Tensor: float32 ``[N, classes]``.
    """
    if target.is_floating_point():
        return target.float()
    return F.one_hot(target, num_classes).float()


def named(data_samples: Samples, row: int) -> str:
    """Where something is wrong, for messages."""
    return f'in sample {data_samples[row].get("sample_id", row)!r}'


def read_labels(
    data_samples: Samples, rows: Sequence[int], num_classes: int
) -> tuple[Tensor, Tensor]:
    """The classes of samples with a ``gt_label``.

    Args:
        data_samples (Sequence[TriModalDataSample]): A batch.
        rows (Sequence[int]): Which of them.
        num_classes (int): Classes.

    Returns:
        tuple[Tensor, Tensor]: int64 ``[K]`` each: all their classes, and to
        which of ``rows``, counted from 0, each belongs.

    Raises:
        ValueError: If there is no such class.
    """
    if not rows:
        nothing = torch.empty(0, dtype=torch.int64)
        return nothing, nothing
    found = [data_samples[row].gt_label for row in rows]
    labels = torch.cat(found)
    counts = torch.tensor([len(label) for label in found])
    owners = torch.arange(len(rows)).repeat_interleave(counts)
    wrong = (labels < 0) | (labels >= num_classes)
    if bool(wrong.any()):
        row = rows[int(owners[wrong.cpu()][0])]
        raise ValueError(
            f'gt_label must be of {num_classes} classes, got '
            f'{data_samples[row].gt_label.tolist()} {named(data_samples, row)}'
        )
    return labels, owners.to(labels.device)


def read_many_hot(
    data_samples: Samples, rows: Sequence[int], num_classes: int
) -> Tensor:
    """One for each class that a sample is of, see :func:`read_labels`.

    Args:
        data_samples (Sequence[TriModalDataSample]): A batch.
        rows (Sequence[int]): Which of them.
        num_classes (int): Classes.

    Returns:
        Tensor: float32 ``[N, classes]``.

    Raises:
        ValueError: If there is no such class.
    """
    labels, owners = read_labels(data_samples, rows, num_classes)
    target = torch.zeros(len(rows), num_classes, device=labels.device)
    target[owners, labels] = 1
    return target


def read_scores(
    data_samples: Samples, rows: Sequence[int], num_classes: int
) -> Tensor:
    """The shares of samples with a ``gt_score``.

    Args:
        data_samples (Sequence[TriModalDataSample]): A batch.
        rows (Sequence[int]): Which of them, one at least.
        num_classes (int): Classes.

    Returns:
        Tensor: float32 ``[N, classes]``.

    Raises:
        ValueError: If there are not as many as classes, or one lies outside
            [0, 1].
    """
    for row in rows:
        score = data_samples[row].gt_score
        if len(score) != num_classes:
            raise ValueError(
                f'gt_score must have a value for each of {num_classes} '
                f'classes, got {len(score)} {named(data_samples, row)}'
            )
    scores = torch.stack([data_samples[row].gt_score for row in rows])
    wrong = ~((scores >= 0) & (scores <= 1)).all(1)
    if bool(wrong.any()):
        first = int(wrong.nonzero()[0])
        raise ValueError(
            f'gt_score must have values in [0, 1], got '
            f'{scores[first].tolist()} {named(data_samples, rows[first])}'
        )
    return scores
