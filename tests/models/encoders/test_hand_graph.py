"""Hand graph encoder."""

import pytest
import torch

from trimodal.models import HandGraphEncoder
from trimodal.structures import ModalityInput

SMALL = {
    'in_channels': 3,
    'graph_channels': (6, 8),
    'embed_dims': 12,
    'num_layers': 2,
    'dropout': 0.0,
}


def batch(mask: torch.Tensor, joints: int = 21) -> ModalityInput:
    data = torch.randn(*mask.shape, joints, 3)
    return ModalityInput(data.masked_fill(~mask[..., None, None], 0), mask)


def test_a_step_a_frame_real_where_any_hand_is():
    mask = torch.tensor([[[1, 1], [0, 1], [0, 0], [1, 0]]]).bool()
    tokens = HandGraphEncoder(**SMALL)(batch(mask))
    assert tokens.x.shape == (1, 4, 12)
    assert tokens.mask.tolist() == [[True, True, False, True]]
    assert tokens.x[0, 2].abs().sum() == 0


def test_unseen_hands_have_no_influence():
    encoder = HandGraphEncoder(**SMALL).eval()
    mask = torch.rand(2, 6, 2) < 0.6
    x = batch(mask)
    junk = ModalityInput(torch.where(mask[..., None, None], x.data, 9.0), mask)
    torch.testing.assert_close(encoder(x).x, encoder(junk).x)


def test_hands_share_weights_but_are_told_apart():
    encoder = HandGraphEncoder(**SMALL).eval()
    left = torch.tensor([True, False]).expand(1, 5, 2)
    x = batch(left)
    right = ModalityInput(x.data.flip(2), left.flip(2))
    a, b = encoder(x).x, encoder(right).x
    assert not torch.allclose(a, b, atol=1e-4)
    encoder.hands.which.data.zero_()
    torch.testing.assert_close(encoder(x).x, encoder(right).x)


@pytest.mark.parametrize('pooling', ['mean', 'flatten'])
def test_joints_are_told_apart(pooling):
    encoder = HandGraphEncoder(**SMALL, joint_pooling=pooling).eval()
    encoder.joints.data.normal_()
    x = batch(torch.ones(1, 4, 2, dtype=torch.bool))
    mixed = ModalityInput(x.data.roll(4, dims=3), x.mask)
    assert not torch.allclose(encoder(x).x, encoder(mixed).x, atol=1e-4)


def test_one_hand_and_another_layout():
    encoder = HandGraphEncoder(
        **SMALL, num_hands=1, layout={'parents': (0, 0, 1, 2)}
    )
    tokens = encoder(batch(torch.ones(2, 3, 1, dtype=torch.bool), joints=4))
    assert tokens.x.shape == (2, 3, 12)


def test_more_hops_have_more_weights():
    near = HandGraphEncoder(**SMALL, max_hops=1).graph[0].conv
    far = HandGraphEncoder(**SMALL, max_hops=3).graph[0].conv
    assert near.linear.in_features == 2 * 6
    assert far.linear.in_features == 4 * 6
    assert far.adjacency.shape == (4, 21, 21)


def test_spatial_partition_has_three_weights():
    conv = HandGraphEncoder(**SMALL, partition='spatial').graph[0].conv
    assert conv.adjacency.shape == (3, 21, 21)
    assert conv.linear.in_features == 3 * 6


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'graph_channels': ()}, 'graph_channels'),
        ({'joint_pooling': 'max'}, 'joint_pooling'),
        ({'hand_fusion': 'sum'}, 'hand_fusion'),
        ({'adjacency': 'full'}, 'adjacency'),
        ({'max_hops': 0}, 'max_hops'),
        ({'partition': 'finger'}, 'partition'),
        ({'layout': 'foot'}, 'layout'),
        ({'kernel_sizes': (2,)}, 'kernel_sizes'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        HandGraphEncoder(**{**SMALL, **changes})
