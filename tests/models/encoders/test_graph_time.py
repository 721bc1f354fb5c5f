"""What ST-GCN and ST-GCN++ share, beside what test_stgcn.py tests of both."""

from functools import partial

import torch

from trimodal.models.encoders.graph_time import GraphTimeEncoder
from trimodal.models.layers import TemporalConv
from trimodal.structures import ModalityInput


def encoder(**changes) -> GraphTimeEncoder:
    settings = {
        'in_channels': 3,
        'channels': (6, 8),
        'strides': (1, 2),
        'temporal': partial(TemporalConv, kernel_size=3),
        'graph_residual': False,
        'adjacency': 'physical',
        'partition': 'distance',
        'max_hops': 1,
        'norm': 'layer',
        'hand_fusion': 'mean',
        'num_hands': 2,
        'layout': 'hand_21',
        'dropout': 0.0,
        'init_cfg': None,
    }
    return GraphTimeEncoder(**settings | changes)


def test_only_what_is_seen_is_worked_on(monkeypatch):
    """Three frames of two hands out of a batch of 2 x 4 x 2."""
    part = encoder()
    given = []
    run = part._run

    def spy(x, mask):
        given.append((x, mask))
        return run(x, mask)

    monkeypatch.setattr(part, '_run', spy)
    mask = torch.zeros(2, 4, 2, dtype=torch.bool)
    mask[0, 1, 1] = mask[1, :2, 0] = True
    x = torch.randn(2, 4, 2, 21, 3)
    part(ModalityInput(x, mask))
    ((frames, seen),) = given
    assert torch.equal(
        frames, torch.stack([x[0, 1, 1], x[1, 0, 0], x[1, 1, 0]])
    )
    assert seen.int().tolist() == [[0, 1, 0, 0], [1, 1, 0, 0]]


def test_a_way_around_graphs_is_a_choice():
    assert encoder().blocks[0].around_graph is None
    assert encoder(graph_residual=True).blocks[0].around_graph is not None


def test_gradients_reach_only_what_is_seen():
    part = encoder()
    mask = torch.rand(2, 5, 2) < 0.5
    mask[0, 0, 0] = True
    x = torch.randn(2, 5, 2, 21, 3, requires_grad=True)
    part(ModalityInput(x, mask)).x.square().sum().backward()
    assert x.grad is not None
    assert x.grad[mask].flatten(1).any(1).all()
    assert not x.grad[~mask].any()
