"""Conformer layers against torchaudio's own."""

import pytest
import torch
import torchaudio

from trimodal.models.layers import ConformerLayer


def torchaudio_names(ours: ConformerLayer) -> dict[str, torch.Tensor]:
    """The state of a layer under the names of torchaudio's."""
    return {
        name.replace('in_proj.', 'in_proj_'): value
        for name, value in ours.state_dict().items()
    }


def pair(norm: str, convolution_first: bool):
    ours = ConformerLayer(12, 3, 20, 5, 0.0, norm, convolution_first)
    for parameter in ours.parameters():
        parameter.data.normal_(std=0.3)
    theirs = torchaudio.models.Conformer(
        12, 3, 20, 1, 5, 0.0, norm == 'group', convolution_first
    )
    theirs.conformer_layers[0].load_state_dict(torchaudio_names(ours))
    return ours, theirs


@pytest.mark.parametrize('norm', ['batch', 'group'])
@pytest.mark.parametrize('convolution_first', [True, False])
def test_equals_torchaudio(norm, convolution_first):
    ours, theirs = pair(norm, convolution_first)
    x, lengths = torch.randn(2, 9, 12), torch.tensor([9, 9])
    mask = torch.ones(2, 9, dtype=torch.bool)
    for mode in (True, False):
        got = ours.train(mode)(x, mask)
        want = theirs.train(mode)(x, lengths)[0]
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)
    running = torchaudio_names(ours)
    for name, value in theirs.conformer_layers[0].state_dict().items():
        torch.testing.assert_close(running[name], value)


@pytest.mark.parametrize('norm', ['batch', 'group'])
def test_padding_changes_nothing_where_torchaudio_is_changed(norm):
    ours, theirs = pair(norm, False)
    x = torch.randn(2, 9, 12)
    mask = torch.arange(9) < torch.tensor([[9], [5]])
    padded = ours.eval()(x, mask)[1, :5]
    torch.testing.assert_close(
        padded, ours(x[1:, :5], mask[1:, :5])[0], atol=1e-5, rtol=1e-5
    )
    torchaudios = theirs.eval()(x, torch.tensor([9, 5]))[0][1, :5]
    assert not torch.allclose(torchaudios, padded, atol=1e-3)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_heads': 5}, 'num_heads'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
        ({'kernel_size': 4}, 'kernel_size'),
        ({'dropout': 1.5}, 'dropout'),
        ({'norm': 'layer'}, 'norm'),
        ({'rotary': True, 'num_heads': 4}, 'pairs'),
    ],
)
def test_bad_arguments(changes, message):
    good = {
        'embed_dims': 12,
        'num_heads': 3,
        'feedforward_channels': 20,
        'kernel_size': 5,
    }
    with pytest.raises(ValueError, match=message):
        ConformerLayer(**{**good, **changes})
