"""Hand transformer."""

import pytest
import torch

from trimodal.models import HandTransformer
from trimodal.models.layers import sinusoidal
from trimodal.structures import ModalityInput

SMALL = {
    'in_channels': 3,
    'embed_dims': 8,
    'spatial_layers': 1,
    'temporal_layers': 1,
    'num_heads': 2,
    'feedforward_channels': 16,
    'dropout': 0.0,
}
KINDS = pytest.mark.parametrize('attention', ['factorised', 'full'])


def batch(mask: torch.Tensor, joints: int = 21) -> ModalityInput:
    data = torch.randn(*mask.shape, joints, 3)
    return ModalityInput(data.masked_fill(~mask[..., None, None], 0), mask)


def test_factorised_by_loops():
    """Frame by frame, then hand by hand, over what is seen only."""
    encoder = HandTransformer(**SMALL).eval()
    mask = torch.rand(2, 6, 2) < 0.6
    mask[:, 0] = True
    x = batch(mask)
    got = encoder(x)
    merged = torch.zeros(2, 6, 2, 8)
    for row in range(2):
        for hand in range(2):
            (frames,) = mask[row, :, hand].nonzero(as_tuple=True)
            steps = []
            for frame in frames:
                joints = encoder.embedding(x.data[row, frame, hand])
                joints = (joints + encoder.joints).unsqueeze(0)
                steps.append(encoder.spatial(joints).mean(1))
            steps = torch.cat(steps) + sinusoidal(frames, 8)
            steps = encoder.temporal(steps.unsqueeze(0))[0]
            merged[row, frames, hand] = steps + encoder.hands.which[hand]
    count = mask.sum(2, keepdim=True).clamp(min=1)
    want = merged.masked_fill(~mask[..., None], 0).sum(2) / count
    want = encoder.norm(want)[mask.any(2)]
    torch.testing.assert_close(got.x[mask.any(2)], want, atol=1e-5, rtol=1e-4)
    assert torch.equal(got.mask, mask.any(2))


def test_full_by_one_long_sequence():
    encoder = HandTransformer(**SMALL, attention='full').eval()
    mask = torch.tensor([[[1], [0], [1], [1]]]).bool().expand(1, 4, 2)
    mask = mask & torch.tensor([True, False])
    x = batch(mask)
    frames = torch.tensor([0, 2, 3])
    joints = encoder.embedding(x.data[0, frames, 0]) + encoder.joints
    joints = joints + sinusoidal(frames, 8)[:, None]
    out = encoder.spatial(joints.flatten(0, 1)[None])
    steps = out[0].unflatten(0, (3, 21)).mean(1) + encoder.hands.which[0]
    torch.testing.assert_close(
        encoder(x).x[0, frames], encoder.norm(steps), atol=1e-5, rtol=1e-4
    )
    # Two layers, which attend over both.
    assert len(encoder.spatial.layers) == 2
    assert encoder.temporal is None


@KINDS
def test_unseen_hands_have_no_influence(attention):
    encoder = HandTransformer(**SMALL, attention=attention).eval()
    mask = torch.rand(2, 6, 2) < 0.6
    x = batch(mask)
    junk = ModalityInput(torch.where(mask[..., None, None], x.data, 9.0), mask)
    torch.testing.assert_close(encoder(x).x, encoder(junk).x)


@KINDS
@pytest.mark.parametrize('pooling', ['mean', 'flatten'])
def test_joints_and_frames_are_told_apart(attention, pooling):
    encoder = HandTransformer(
        **SMALL, attention=attention, joint_pooling=pooling
    ).eval()
    encoder.joints.data.normal_()
    x = batch(torch.ones(1, 5, 2, dtype=torch.bool))
    before = encoder(x).x
    mixed = ModalityInput(x.data.roll(4, dims=3), x.mask)
    assert not torch.allclose(encoder(mixed).x, before, atol=1e-4)
    turned = ModalityInput(x.data.flip(1), x.mask)
    assert not torch.allclose(encoder(turned).x.flip(1), before, atol=1e-4)


def test_one_body_of_another_layout():
    encoder = HandTransformer(**SMALL, num_hands=1, layout='body_33')
    x = batch(torch.ones(2, 3, 1, dtype=torch.bool), joints=33)
    assert encoder(x).x.shape == (2, 3, 8)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'attention': 'sparse'}, "attention .*'sparse'"),
        ({'joint_pooling': 'max'}, 'joint_pooling'),
        ({'layout': 'foot'}, 'layout'),
        ({'positions': 'none'}, 'positions'),
        ({'num_heads': 3}, 'embed_dims'),
        ({'spatial_layers': -1}, 'spatial_layers'),
        ({'temporal_layers': -1}, 'temporal_layers'),
        ({'dropout': 1.5}, 'dropout'),
        ({'hand_fusion': 'sum'}, 'hand_fusion'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        HandTransformer(**{**SMALL, **changes})
