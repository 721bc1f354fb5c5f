"""The transformer decoder against PyTorch's own."""

import pytest
import torch
from torch import nn

from trimodal.models.layers import TransformerDecoder
from trimodal.models.layers.transformer_decoder import (
    TransformerDecoderLayer,
)

WIDTH = 12


def decoder(layers: int = 2, **options) -> TransformerDecoder:
    made = TransformerDecoder(layers, WIDTH, 3, 20, **options).eval()
    for parameter in made.parameters():
        # What starts at zero, or small, would hide a mistake.
        parameter.data += 0.2 * torch.randn_like(parameter)
    return made


def copy_layer(ours: TransformerDecoderLayer, theirs: nn.Module) -> None:
    """Give PyTorch's layer the weights of ours."""
    for mine, other in (
        (ours.attention, theirs.self_attn),
        (ours.memory_attention, theirs.multihead_attn),
    ):
        other.in_proj_weight.data = mine.in_proj.weight.data
        other.in_proj_bias.data = mine.in_proj.bias.data
        other.out_proj.load_state_dict(mine.out_proj.state_dict())
    for name in ('norm1', 'norm2', 'norm3'):
        state = getattr(ours, name).state_dict()
        getattr(theirs, name).load_state_dict(state)
    theirs.linear1.load_state_dict(ours.feedforward[0].state_dict())
    theirs.linear2.load_state_dict(ours.feedforward[3].state_dict())


def torch_decoder(ours: TransformerDecoder) -> nn.Module:
    layer = nn.TransformerDecoderLayer(
        WIDTH,
        3,
        20,
        dropout=0.0,
        activation='gelu',
        layer_norm_eps=1e-6,
        batch_first=True,
        norm_first=True,
    )
    norm = nn.LayerNorm(WIDTH, eps=1e-6)
    norm.load_state_dict(ours.norm.state_dict())
    theirs = nn.TransformerDecoder(layer, len(ours.layers), norm)
    for mine, other in zip(ours.layers, theirs.layers, strict=True):
        copy_layer(mine, other)
    return theirs


def given(rows: int = 3, steps: int = 5, size: int = 7):
    mask = torch.arange(size) < torch.tensor([[size], [4], [2]])[:rows]
    return (
        torch.randn(rows, steps, WIDTH),
        torch.randn(rows, size, WIDTH),
        mask,
    )


def test_equals_torch():
    ours = decoder()
    theirs = torch_decoder(ours)
    x, memory, mask = given()
    later = nn.Transformer.generate_square_subsequent_mask(5)
    want = theirs(x, memory, later, memory_key_padding_mask=~mask)
    torch.testing.assert_close(ours(x, memory, mask), want)
    want = theirs(x, memory, later)
    torch.testing.assert_close(ours(x, memory), want)


def test_gradients_equal_torch():
    ours = decoder(1)
    theirs = torch_decoder(ours)
    x, memory, mask = given()
    later = nn.Transformer.generate_square_subsequent_mask(5)
    grads = []
    for run in (
        lambda m: ours(x, m, mask),
        lambda m: theirs(x, m, later, memory_key_padding_mask=~mask),
    ):
        leaf = memory.clone().requires_grad_()
        run(leaf).square().sum().backward()
        grads.append(leaf.grad)
    torch.testing.assert_close(*grads, atol=1e-4, rtol=1e-4)
    assert not grads[0][~mask].any()


def test_no_step_sees_a_later_one():
    ours = decoder()
    x, memory, mask = given()
    other = x.clone()
    other[:, 3] = torch.randn(WIDTH)
    a, b = ours(x, memory, mask), ours(other, memory, mask)
    assert torch.equal(a[:, :3], b[:, :3])
    assert (a[:, 3:] != b[:, 3:]).any(2).all()


@torch.no_grad()
def test_step_by_step_equals_all_at_once():
    ours = decoder(3)
    x, memory, mask = given(steps=40)
    want, state = ours(x, memory, mask), ours.start(memory, mask)
    got = [ours.next(x[:, t : t + 1], state) for t in range(40)]
    assert state.length == 40
    torch.testing.assert_close(torch.cat(got, 1), want, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_beams_go_on_from_others():
    """Each beam is as if its whole sequence was decoded by itself."""
    ours = decoder()
    _, memory, mask = given()
    state = ours.start(memory, mask)
    told = torch.zeros(3, 1, 0, WIDTH)
    for beams in (1, 3, 3, 2, 4, 4):
        if beams > 1:
            parents = torch.randint(told.shape[1], (3, beams))
            state.reorder(parents)
            told = told[torch.arange(3)[:, None], parents]
        x = torch.randn(3, beams, WIDTH)
        told = torch.cat([told, x.unsqueeze(2)], 2)
        got = ours.next(x, state)
        want = ours(
            told.flatten(0, 1),
            memory.repeat_interleave(beams, 0),
            mask.repeat_interleave(beams, 0),
        )[:, -1].view_as(x)
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_memory_is_projected_once(monkeypatch):
    ours, calls = decoder(), []
    for layer in ours.layers:
        project = layer.memory_attention.keys_values
        monkeypatch.setattr(
            layer.memory_attention,
            'keys_values',
            lambda source, run=project: calls.append(1) or run(source),
        )
    x, memory, mask = given()
    state = ours.start(memory, mask)
    for step in range(5):
        ours.next(x[:, step : step + 1], state)
    assert len(calls) == 2


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_an_empty_memory_says_nothing(dtype):
    ours = decoder()
    x, memory, mask = given()
    mask = mask.clone()
    mask[1] = False
    memory.requires_grad_()
    with torch.autocast('cpu', dtype, enabled=dtype != torch.float32):
        out = ours(x, memory, mask)
        state = ours.start(memory, mask)
        step = ours.next(x[:, :1], state)
    assert out.isfinite().all()
    assert step.isfinite().all()
    out.float().square().sum().backward()
    assert memory.grad.isfinite().all()
    assert not memory.grad[1].any()


def test_padding_of_the_memory_changes_nothing():
    ours = decoder()
    x, memory, mask = given()
    more = torch.cat([memory, torch.full((3, 2, WIDTH), 1e3)], 1)
    wider = torch.cat([mask, torch.zeros(3, 2, dtype=torch.bool)], 1)
    torch.testing.assert_close(ours(x, memory, mask), ours(x, more, wider))


def test_dropout_only_in_training():
    ours = decoder(dropout=0.5, attention_dropout=0.5).train()
    x, memory, mask = given()
    assert not torch.equal(ours(x, memory, mask), ours(x, memory, mask))
    ours.eval()
    assert torch.equal(ours(x, memory, mask), ours(x, memory, mask))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_layers': 0}, 'num_layers'),
        ({'embed_dims': 0}, 'embed_dims'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
        ({'num_heads': 5}, 'embed_dims .*5 .num_heads'),
        ({'dropout': 1.1}, 'dropout'),
        ({'attention_dropout': -1.0}, 'dropout'),
    ],
)
def test_bad_arguments(changes, message):
    sizes = {'num_layers': 1, 'embed_dims': 12, 'num_heads': 3}
    with pytest.raises(ValueError, match=message):
        TransformerDecoder(**{**sizes, 'feedforward_channels': 8, **changes})
