"""Transformer layers against PyTorch's own."""

from itertools import product

import pytest
import torch
from torch import nn

from trimodal.models.layers import (
    LayerScale,
    ResidualBranch,
    TransformerEncoder,
    TransformerLayer,
)


def torch_layer(ours: TransformerLayer, width: int) -> nn.Module:
    """PyTorch's pre-norm layer with the weights of ours."""
    theirs = nn.TransformerEncoderLayer(
        width,
        ours.attention.num_heads,
        ours.feedforward[0].out_features,
        dropout=0.0,
        activation='gelu',
        layer_norm_eps=1e-6,
        batch_first=True,
        norm_first=True,
    )
    attention = theirs.self_attn
    attention.in_proj_weight.data = ours.attention.in_proj.weight.data
    attention.in_proj_bias.data = ours.attention.in_proj.bias.data
    attention.out_proj.load_state_dict(ours.attention.out_proj.state_dict())
    theirs.linear1.load_state_dict(ours.feedforward[0].state_dict())
    theirs.linear2.load_state_dict(ours.feedforward[3].state_dict())
    return theirs


def test_layer_equals_torch():
    ours = TransformerLayer(12, 3, 20)
    theirs = torch_layer(ours, 12)
    x = torch.randn(2, 6, 12)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    got, want = ours(x, mask), theirs(x, src_key_padding_mask=~mask)
    torch.testing.assert_close(got[mask], want[mask])
    torch.testing.assert_close(ours(x), theirs(x))


def test_layer_scale_starts_small():
    scale = LayerScale(4, 0.1)
    assert torch.equal(scale(torch.ones(2, 4)), torch.full((2, 4), 0.1))


def test_drop_path_drops_whole_samples():
    branch = ResidualBranch(3, drop_path=0.5)
    out = branch(torch.ones(400, 2, 3))
    kept = out.flatten(1).any(1)
    assert torch.equal(out, kept.view(-1, 1, 1) * torch.full((400, 2, 3), 2.0))
    assert 0.4 < kept.float().mean() < 0.6
    branch.eval()
    assert torch.equal(branch(torch.ones(4, 2, 3)), torch.ones(4, 2, 3))


def test_drop_path_grows_with_depth():
    encoder = TransformerEncoder(3, 8, 2, 16, drop_path=0.2)
    rates = [layer.branch1.drop_path.p for layer in encoder.layers]
    assert rates == pytest.approx([0.0, 0.1, 0.2])


def test_weights_start_truncated_normal():
    encoder = TransformerEncoder(2, 64, 2, 128)
    for module in encoder.modules():
        if isinstance(module, nn.Linear):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.1)
            assert not module.bias.any()


def test_layerdrop_leaves_out_whole_layers():
    torch.manual_seed(0)
    encoder = TransformerEncoder(3, 8, 2, 16, layerdrop=0.4)
    x = torch.randn(4, 5, 8)
    encoder.layers[1].requires_grad_(False)

    def by(kept: tuple[bool, ...]) -> torch.Tensor:
        y = x
        for layer, keep in zip(encoder.layers, kept, strict=True):
            y = layer(y) if keep else y
        return encoder.norm(y)

    ways = {kept: by(kept) for kept in product((False, True), repeat=3)}
    counts = dict.fromkeys(ways, 0)
    for _ in range(400):
        y = encoder(x)
        (kept,) = (kept for kept, want in ways.items() if y.equal(want))
        counts[kept] += 1
    for kept, count in counts.items():
        expected = 400 * 0.6 ** sum(kept) * 0.4 ** (3 - sum(kept))
        assert abs(count - expected) < 4 * expected**0.5
    assert encoder.eval()(x).equal(ways[True, True, True])


def test_a_layer_left_out_stays_in_the_graph():
    encoder = TransformerEncoder(2, 8, 2, 16, layerdrop=1.0)
    x = torch.randn(1, 3, 8)
    y = encoder(x)
    torch.testing.assert_close(y, encoder.norm(x))
    y.square().sum().backward()
    for parameter in encoder.layers.parameters():
        assert parameter.grad is not None
        assert not parameter.grad.any()


def test_rotary_attention_depends_on_distance_alone():
    layer = TransformerLayer(16, 2, 32, rotary=True).eval()
    x = torch.randn(1, 6, 16)
    # The same steps, later: those before are masked.
    later = torch.cat([torch.randn(1, 9, 16), x], dim=1)
    mask = torch.arange(15)[None] >= 9
    torch.testing.assert_close(
        layer(later, mask)[:, 9:], layer(x), atol=1e-5, rtol=1e-5
    )
    assert not torch.allclose(layer(x.flip(1)).flip(1), layer(x), atol=1e-4)


def test_no_layers_leave_the_norm():
    x = torch.randn(2, 3, 8)
    want = nn.functional.layer_norm(x, (8,), eps=1e-6)
    torch.testing.assert_close(TransformerEncoder(0, 8, 2, 16)(x), want)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_layers': -1}, 'num_layers'),
        ({'embed_dims': 0}, 'embed_dims'),
        ({'num_heads': 3}, 'num_heads'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
        ({'dropout': -0.1}, 'dropout'),
        ({'drop_path': 2}, 'drop_path'),
    ],
)
def test_bad_arguments(changes, message):
    good = {
        'num_layers': 1,
        'embed_dims': 8,
        'num_heads': 2,
        'feedforward_channels': 16,
    }
    with pytest.raises(ValueError, match=message):
        TransformerEncoder(**{**good, **changes})
