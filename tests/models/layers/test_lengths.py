"""Lengths of masked sequences."""

import torch

from trimodal.models.layers.lengths import fit_steps, spans


def test_spans_end_with_the_last_real_step():
    mask = torch.tensor(
        [
            [True, False, True, False],
            [False] * 4,
            [True] * 4,
            [False, True] * 2,
        ]
    )
    assert spans(mask).tolist() == [3, 0, 4, 4]


def test_fit_steps():
    x = torch.arange(12.0).view(1, 3, 4)
    assert torch.equal(fit_steps(x, 2), x[:, :2])
    assert torch.equal(fit_steps(x, 3), x)
    longer = fit_steps(x, 5)
    assert torch.equal(longer[:, :3], x)
    assert longer.shape == (1, 5, 4)
    assert not longer[:, 3:].any()
    mask = torch.tensor([[True, True]])
    assert fit_steps(mask, 3).tolist() == [[True, True, False]]
