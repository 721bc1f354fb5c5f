"""Small batches, and a draw of partners and shares that is chosen."""

from collections.abc import Sequence
from unittest.mock import patch

import torch
from torch import Tensor

from trimodal.models import BaseMix
from trimodal.structures import ModalityInput, TriModalDataSample


def sequences(*rows: Sequence[float]) -> ModalityInput:
    """Steps of one channel, padded; a row without steps is absent."""
    steps = max(1, *(len(row) for row in rows))
    data = torch.zeros(len(rows), steps, 1)
    mask = torch.zeros(len(rows), steps, dtype=torch.bool)
    for index, row in enumerate(rows):
        data[index, : len(row), 0] = torch.tensor(row)
        mask[index, : len(row)] = True
    return ModalityInput(data, mask)


def pictures(*sizes: tuple[int, int]) -> ModalityInput:
    """Pictures of three channels, filled with 1, 2 and so on."""
    height, width = (max(1, *side) for side in zip(*sizes, strict=True))
    data = torch.zeros(len(sizes), 3, height, width)
    mask = torch.zeros(len(sizes), height, width, dtype=torch.bool)
    for index, (rows, columns) in enumerate(sizes):
        data[index, :, :rows, :columns] = index + 1.0
        mask[index, :rows, :columns] = True
    return ModalityInput(data, mask)


def samples(*labels: int | None) -> list[TriModalDataSample]:
    """One with each class, or none."""
    made = [TriModalDataSample() for _ in labels]
    for row, label in enumerate(labels):
        made[row].set_metainfo({'sample_id': f'id{row}'})
        if label is not None:
            made[row].set_gt_label(label)
    return made


def mix(
    module: BaseMix,
    inputs: dict[str, ModalityInput],
    given: list[TriModalDataSample],
    partner: Sequence[int],
    s: Sequence[float],
) -> tuple[dict[str, ModalityInput], list[TriModalDataSample]]:
    """Mix with these partners and shares."""
    draw = (torch.tensor(partner), torch.tensor(s))
    with patch.object(module, '_draw', lambda size, rows: draw):
        return module(inputs, given)


def scores(given: list[TriModalDataSample]) -> Tensor:
    """The shares of all, float32 ``[B, classes]``."""
    return torch.stack([sample.gt_score for sample in given])
