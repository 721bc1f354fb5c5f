"""ModalityInput and Tokens: what is masked is zero, and says so."""

import pytest
import torch

from trimodal.structures import Fused, ModalityInput, Tokens

GESTURE = ModalityInput(
    data=torch.arange(1.0, 25).view(3, 2, 2, 2),  # [B, T, H, C]
    mask=torch.tensor(
        [[[1, 1], [1, 0]], [[0, 0], [0, 0]], [[0, 1], [0, 0]]]
    ).bool(),
)


def test_present_asks_for_anything_at_all():
    assert GESTURE.present.tolist() == [True, False, True]


def test_keep_makes_the_others_absent():
    kept = GESTURE.keep(torch.tensor([False, True, True]))
    assert kept.present.tolist() == [False, False, True]
    assert not kept.data[0].any()
    assert torch.equal(kept.data[1:], GESTURE.data[1:])
    assert torch.equal(kept.mask[2], GESTURE.mask[2])
    assert GESTURE.present[0]  # what was given is unchanged
    assert GESTURE.data[0].all()


def test_keep_works_on_any_number_of_dimensions():
    speech = ModalityInput(torch.ones(2, 5), torch.ones(2, 5).bool())
    kept = speech.keep(torch.tensor([True, False]))
    assert kept.data.sum(dim=1).tolist() == [5, 0]
    assert kept.mask.sum(dim=1).tolist() == [5, 0]


def test_keep_clears_what_is_not_a_number():
    data = torch.full((1, 2), float('nan'))
    speech = ModalityInput(data, torch.ones(1, 2).bool())
    assert speech.keep(torch.tensor([False])).data.tolist() == [[0, 0]]


def test_with_x_masks_and_keeps_the_rest():
    mask = torch.tensor([[True, False]])
    tokens = Tokens(
        torch.zeros(1, 2, 3), mask, torch.tensor([True]), ((1, 2),)
    )
    other = tokens.with_x(torch.ones(1, 2, 4))
    assert other.grids == ((1, 2),)
    assert other.x.tolist() == [[[1] * 4, [0] * 4]]
    assert other.mask is tokens.mask
    assert other.present is tokens.present
    assert not tokens.x.any()


def test_one_stream_of_what_was_fused():
    x, mask = torch.ones(1, 2, 3), torch.ones(1, 2).bool()
    tokens = Tokens(x, mask, mask.any(1))
    fused = Fused(x, mask, x[:, 0], torch.ones(1, 1), streams={'a': tokens})
    assert fused.stream('a') is tokens
    with pytest.raises(ValueError, match=r"stream .*\['a'\].* got 'b'"):
        fused.stream('b')
