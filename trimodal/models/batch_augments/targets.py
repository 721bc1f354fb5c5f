"""Which samples can be mixed, and their targets."""

from collections.abc import Sequence

import torch
from torch import Tensor

from trimodal.models.layers.soft_targets import (
    Samples,
    named,
    read_many_hot,
    read_scores,
)

CLASSES = ('gt_label', 'gt_score')


def mixable(data_samples: Samples, drop: Sequence[str]) -> list[int]:
    """The samples that have a class.

    Args:
        data_samples (Sequence[TriModalDataSample]): A batch.
        drop (Sequence[str]): Other targets that they may have.

    Returns:
        list[int]: Rows.

    Raises:
        ValueError: If one has yet another target.
    """
    rows = [
        row
        for row, sample in enumerate(data_samples)
        if any(name in sample for name in CLASSES)
    ]
    for row in rows:
        targets = [n for n, _ in data_samples[row].items() if n[:3] == 'gt_']
        others = [n for n in targets if n not in (*CLASSES, *drop)]
        if others:
            raise ValueError(
                f'only classes can be mixed, not {others} '
                f'{named(data_samples, row)}. If no head of the model asks '
                f'for them, let mixed samples lose them: drop={others}'
            )
    return rows


def mixed_scores(
    data_samples: Samples,
    rows: Sequence[int],
    num_classes: int,
    device: torch.device,
) -> Tensor:
    """A share of each class: 1 for each class that a sample is of.

    Args:
        data_samples (Sequence[TriModalDataSample]): A batch.
        rows (Sequence[int]): Those that have a class.
        num_classes (int): Classes.
        device (torch.device): Where they are wanted.

    Returns:
        Tensor: float32 ``[B, classes]``, zero for the others.

    Raises:
        ValueError: If a class or a share cannot be.
    """
    soft = [row for row in rows if 'gt_score' in data_samples[row]]
    hard = [row for row in rows if 'gt_score' not in data_samples[row]]
    scores = torch.zeros(len(data_samples), num_classes, device=device)
    if hard:
        scores[hard] = read_many_hot(data_samples, hard, num_classes).to(
            device
        )
    if soft:
        scores[soft] = read_scores(data_samples, soft, num_classes).to(device)
    return scores
