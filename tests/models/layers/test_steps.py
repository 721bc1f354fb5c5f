"""From padded sequences to their real steps and back."""

import pytest
import torch

from trimodal.models.layers import put_real, stride_mask, take_real

MASK = torch.tensor([[True, False, True], [False, False, True]])


def test_take_is_indexing_and_put_undoes_it():
    x = torch.randn(2, 3, 4, 5)
    steps = take_real(x, MASK)
    assert torch.equal(steps, x[MASK])
    back = put_real(steps, MASK)
    assert torch.equal(back, x.masked_fill(~MASK[..., None, None], 0))


def test_gradients_go_to_the_real_steps_alone():
    x = torch.randn(2, 3, 4, requires_grad=True)
    put_real(take_real(x, MASK) * 2, MASK).sum().backward()
    assert x.grad is not None
    want = torch.full_like(x, 2).masked_fill(~MASK[..., None], 0)
    assert torch.equal(x.grad, want)


def test_nothing_real():
    none = torch.zeros_like(MASK)
    steps = take_real(torch.randn(2, 3, 4), none)
    assert steps.shape == (0, 4)
    assert not put_real(steps, none).any()


@pytest.mark.parametrize(
    ('stride', 'want'),
    [
        (1, [1, 0, 0, 0, 1, 0, 0]),
        (2, [1, 0, 1, 0]),
        (3, [1, 1, 0]),
        (9, [1]),
    ],
)
def test_a_strided_step_is_real_if_any_of_its_steps_is(stride, want):
    mask = torch.tensor([[1, 0, 0, 0, 1, 0, 0]]).bool()
    assert stride_mask(mask, stride).int().tolist() == [want]


@pytest.mark.parametrize('length', range(1, 8))
def test_padding_adds_no_real_step(length):
    alone = torch.ones(1, length, dtype=torch.bool)
    padded = torch.cat([alone, torch.zeros(1, 5).bool()], dim=1)
    for stride in (1, 2, 3):
        short, long = stride_mask(alone, stride), stride_mask(padded, stride)
        assert short.all()
        assert long.sum() == short.shape[1] == -(-length // stride)


def test_no_sequence():
    assert stride_mask(torch.zeros(0, 5).bool(), 2).shape == (0, 3)
