"""What a step started from."""

import random

import numpy as np
import torch
from torch import nn

from trimodal.engine.hooks.random_state_hook import restore_random_state
from trimodal.engine.hooks.step_record import StepRecord


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer('queue', torch.zeros(2))
        self.register_buffer('constant', torch.ones(2), persistent=False)


def test_buffers_random_state_and_weights():
    model = Model()
    record = StepRecord(model)
    for _ in range(2):  # the second fills the same memory
        model.norm(torch.randn(4, 3))
        before = {k: v.clone() for k, v in model.named_buffers()}
        record.take()
        drawn = (torch.rand(1), np.random.random(), random.random())
        model.norm(torch.full((4, 3), torch.nan))
        model.queue = torch.full((2,), 7.0)
        content = record.content([drawn[0]], {'loss': drawn[0]})
        for name, value in before.items():
            assert torch.equal(content['weights'][name], value), name
        assert torch.equal(content['weights']['norm.weight'], torch.ones(3))
        assert content['batch'] == [drawn[0]]
        restore_random_state(content['random_state'])
        again = (torch.rand(1), np.random.random(), random.random())
        assert again == drawn
        record.restore_buffers()
        for name, value in model.named_buffers():
            assert torch.equal(value, before[name]), name


def test_a_buffer_that_grew():
    model = Model()
    record = StepRecord(model)
    record.take()
    model.queue = torch.ones(5)
    record.take()
    model.queue.zero_()
    record.restore_buffers()
    assert model.queue.tolist() == [1] * 5
