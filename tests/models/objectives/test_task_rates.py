"""How GradNorm moves the weights."""

import pytest
import torch

from trimodal.models.objectives.task_rates import State, first_state, updated


def test_weights_settle_where_norms_are_equal():
    """With alpha = 0: w_i n_i alike, so w = 3 n_i^-1 / sum_j n_j^-1."""
    state = State(*first_state(3))
    norms, losses = torch.tensor([1.0, 2.0, 5.0]), torch.ones(3)
    for _ in range(2000):
        state = updated(state, losses, norms, 0.0, 0.002)
    want = 3 / norms / (1 / norms).sum()
    torch.testing.assert_close(state.weights, want, atol=0.02, rtol=0)


def test_a_task_that_learns_slowly_gets_more():
    state = State(*first_state(2))
    norms = torch.ones(2)
    state = updated(state, torch.tensor([1.0, 4.0]), norms, 1.0, 0.1)
    assert state.initial.tolist() == [1, 4]
    # Half of its first loss, and a quarter: the first is the slow one.
    state = updated(state, torch.tensor([0.5, 1.0]), norms, 1.0, 0.1)
    assert state.weights[0] > 1 > state.weights[1]
    assert state.weights.sum().item() == pytest.approx(2)


@pytest.mark.parametrize('value', [0.0, torch.nan, torch.inf])
def test_what_is_not_there_keeps_its_weight(value: float):
    state = State(*first_state(3))
    for _ in range(3):
        state = updated(
            state,
            torch.tensor([1.0, value, 2.0]),
            torch.tensor([4.0, value, 1.0]),
            1.0,
            0.1,
        )
    assert state.weights[1] == 1
    assert state.weights[0] < 1 < state.weights[2]
    assert state.weights.sum().item() == pytest.approx(3)
    assert state.steps.tolist() == [3, 0, 3]
    assert state.initial[1].isnan()
    alone = updated(
        State(*first_state(3)), torch.eye(3)[0], torch.ones(3), 1.0, 0.1
    )
    assert alone.weights.tolist() == [1, 1, 1]
    never = updated(state, torch.zeros(3), torch.zeros(3), 1.0, 0.1)
    assert torch.equal(never.weights, state.weights)


def test_weights_stay_positive():
    state = State(*first_state(2))
    for _ in range(100):
        state = updated(
            state, torch.ones(2), torch.tensor([1e6, 1.0]), 0.0, 0.5
        )
    assert state.weights[0] > 0
    assert state.weights.sum().item() == pytest.approx(2)
