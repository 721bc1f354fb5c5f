"""ST-GCN and ST-GCN++."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import STGCN, STGCNPlusPlus
from trimodal.models.layers import MultiBranchTemporalConv, build_skeleton
from trimodal.structures import ModalityInput

SMALL = {
    'in_channels': 3,
    'channels': (6, 8, 8),
    'strides': (1, 2, 1),
    'dropout': 0.0,
}
BOTH = pytest.mark.parametrize('kind', [STGCN, STGCNPlusPlus])


def batch(mask: torch.Tensor, joints: int = 21) -> ModalityInput:
    data = torch.randn(*mask.shape, joints, 3)
    return ModalityInput(data.masked_fill(~mask[..., None, None], 0), mask)


def test_by_the_papers_formula():
    """One seen hand, block by block: graph, norm, ReLU, time, norm."""
    encoder = STGCN(**SMALL, kernel_size=5, norm='layer')
    for block in encoder.blocks:
        block.graph.learned.data.uniform_(0.5, 1.5)
    x = batch(torch.tensor([True, False]).expand(1, 7, 2))
    got = encoder(x).x[0]

    def norm(y: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(y, y.shape[1:], eps=1e-6)

    h = x.data[0, :, 0]
    parts = build_skeleton('hand_21').partition('spatial')
    for index, (block, stride) in enumerate(
        zip(encoder.blocks, SMALL['strides'], strict=True)
    ):
        edges = parts * block.graph.learned
        mixed = torch.einsum('kij,tjc->tikc', edges, h).flatten(2)
        y = norm(F.linear(mixed, *block.graph.linear.parameters())).relu()
        conv = block.temporal.conv
        y = F.conv1d(
            y.permute(1, 2, 0),
            conv.weight[..., 0],
            conv.bias,
            stride=stride,
            padding=2,
        )
        y = norm(y.permute(2, 0, 1))
        if index == 1:  # more channels, half the frames
            y = y + norm(block.around[0](h[::2]))
        elif index == 2:
            y = y + h
        h = y.relu()
    want = h.mean(1) + encoder.hands.which[0]
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-4)


def test_input_is_normalised_by_joint_and_coordinate():
    encoder = STGCN(**SMALL)
    x = batch(torch.rand(2, 5, 2) < 0.7)
    frames = x.data[x.mask]
    got = encoder.input_norm(frames.flatten(1).unsqueeze(1))
    variance, mean = torch.var_mean(frames, 0, correction=0)
    want = (frames - mean) / (variance + 1e-5).sqrt()
    torch.testing.assert_close(got.squeeze(1), want.flatten(1))
    # In other units the answer is the same, in training.
    scaled = ModalityInput(x.data * 100, x.mask)
    torch.testing.assert_close(
        encoder(scaled).x, encoder(x).x, atol=1e-3, rtol=1e-3
    )
    assert STGCN(**SMALL, norm='layer').input_norm is None


@BOTH
def test_steps_and_what_is_real(kind):
    mask = torch.zeros(3, 5, 2, dtype=torch.bool)
    mask[0, 1, 0] = mask[0, 4, 1] = True  # seen in odd frames too
    mask[1, 2:4] = True
    tokens = kind(**SMALL)(batch(mask))
    assert tokens.x.shape == (3, 3, 8)
    assert tokens.mask.tolist() == [
        [True, False, True],
        [False, True, False],
        [False, False, False],
    ]
    assert tokens.present.tolist() == [True, True, False]
    assert not tokens.x[~tokens.mask].any()
    assert tokens.x[tokens.mask].abs().sum(1).all()


@BOTH
def test_hands_do_not_mix_before_they_are_merged(kind):
    encoder = kind(**SMALL).eval()
    both = batch(torch.ones(1, 6, 2, dtype=torch.bool))
    alone = [
        encoder(
            ModalityInput(
                both.data,
                torch.tensor([h == 0, h == 1]).expand(1, 6, 2),
            )
        ).x
        for h in (0, 1)
    ]
    torch.testing.assert_close(encoder(both).x, sum(alone) / 2)


@BOTH
def test_any_layout(kind):
    layout = {'parents': (0, 0, 1, 2)}
    encoder = kind(**SMALL, num_hands=1, layout=layout)
    mask = torch.ones(2, 3, 1, dtype=torch.bool)
    assert encoder(batch(mask, joints=4)).x.shape == (2, 2, 8)
    body = kind(**SMALL, num_hands=1, layout='ntu_25', max_hops=2)
    assert body(batch(mask, joints=25)).x.shape == (2, 2, 8)


def test_a_single_point():
    encoder = STGCN(
        **SMALL,
        num_hands=1,
        layout={'parents': (0,)},
        partition='distance',
        max_hops=0,
    )
    mask = torch.ones(2, 3, 1, dtype=torch.bool)
    assert encoder(batch(mask, joints=1)).x.shape == (2, 2, 8)


def test_papers_defaults():
    encoder = STGCN()
    assert encoder.out_channels == 256
    assert [b.graph.linear.out_features for b in encoder.blocks] == [
        *[64] * 4,
        *[128] * 3,
        *[256] * 3,
    ]
    assert [b.stride for b in encoder.blocks] == [
        *(1, 1, 1, 1, 2, 1, 1, 2, 1, 1)
    ]
    assert {b.graph.kind for b in encoder.blocks} == {'importance'}
    assert encoder.blocks[0].around is None
    assert encoder.blocks[1].around is not None


def test_plus_plus_has_branches_and_ways_around_graphs():
    encoder = STGCNPlusPlus(**SMALL, dilations=(1, 2))
    for block in encoder.blocks:
        assert isinstance(block.temporal, MultiBranchTemporalConv)
        assert [c.dilation[0] for c in block.temporal.convs] == [1, 2]
        assert block.around_graph is not None
        assert block.graph.kind == 'learned'
    # Far fewer weights over time than a single long convolution.
    plain = STGCN(**SMALL).blocks[2].temporal
    many = encoder.blocks[2].temporal
    sizes = [sum(p.numel() for p in m.parameters()) for m in (many, plain)]
    assert sizes[0] < sizes[1] / 2


@BOTH
@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'channels': ()}, 'channels and strides'),
        ({'strides': (1,)}, 'channels and strides'),
        ({'channels': (8, 0, 8)}, 'channels'),
        ({'strides': (1, 0, 1)}, 'strides'),
        ({'in_channels': 0}, 'in_channels'),
        ({'kernel_size': 2}, 'kernel_size'),
        ({'adjacency': 'full'}, 'adjacency'),
        ({'partition': 'finger'}, 'partition'),
        ({'max_hops': -1}, 'max_hops'),
        ({'norm': 'group'}, "norm .*'group'"),
        ({'hand_fusion': 'sum'}, 'hand_fusion'),
        ({'num_hands': 0}, 'num_hands'),
        ({'layout': 'foot'}, 'layout'),
        ({'dropout': 2.0}, 'dropout'),
    ],
)
def test_bad_arguments(kind, changes, message):
    with pytest.raises(ValueError, match=message):
        kind(**{**SMALL, **changes})
