"""Attention that keeps keys and values."""

import pytest
import torch
from torch import nn

from trimodal.models.layers import CachedAttention, KeyValueCache
from trimodal.models.layers.attention import open_mask
from trimodal.models.layers.cached_attention import SPARE_STEPS


def test_causal_equals_torch():
    ours = CachedAttention(12, 3)
    theirs = nn.MultiheadAttention(12, 3, batch_first=True)
    theirs.in_proj_weight.data = ours.in_proj.weight.data
    theirs.in_proj_bias.data = ours.in_proj.bias.data
    theirs.out_proj.load_state_dict(ours.out_proj.state_dict())
    x = torch.randn(2, 5, 12)
    later = torch.ones(5, 5, dtype=torch.bool).triu(1)
    want = theirs(x, x, x, attn_mask=later)[0]
    torch.testing.assert_close(ours.causal(x), want)


def test_step_by_step_equals_all_at_once():
    """Also where the buffer has to grow."""
    attention, steps = CachedAttention(8, 2), 2 * SPARE_STEPS + 3
    x, cache = torch.randn(2, steps, 8), KeyValueCache(1)
    with torch.no_grad():
        want = attention.causal(x)
        for step in range(steps):
            got = attention.next(x[:, step : step + 1], cache, 0)
            cache.advance()
            torch.testing.assert_close(
                got, want[:, step : step + 1], atol=1e-5, rtol=1e-5
            )
    assert cache.length == steps


def test_projected_once_equals_projected_there():
    attention = CachedAttention(8, 2)
    x, source = torch.randn(3, 2, 8), torch.randn(3, 5, 8)
    mask = torch.arange(5) < torch.tensor([[5], [2], [0]])
    kept = attention.keys_values(source)
    got = attention.look(x, kept, *open_mask(mask))
    torch.testing.assert_close(got, attention(x, source, mask))
    assert not got[2].any()
    got = attention.look(x, kept, *open_mask(None))
    torch.testing.assert_close(got, attention(x, source))


def test_cache_goes_on_from_other_rows():
    cache, made = KeyValueCache(2), []
    for rows in (2, 2, 3):
        k = torch.randn(2, 2, rows, 1, 1, 4)
        if rows == 3:
            order = torch.tensor([1, 1, 0])
            cache.reorder(order)
            made = [m[:, :, order] for m in made]
        made.append(k)
        for layer in range(2):
            keys, values = cache.append(layer, *k[:, layer])
            want = torch.cat(made, 4)
            assert torch.equal(keys, want[0, layer])
            assert torch.equal(values, want[1, layer])
        cache.advance()


def test_nothing_kept_yet_can_be_reordered():
    cache = KeyValueCache(1)
    cache.reorder(torch.tensor([0, 0]))
    assert cache.length == 0


def test_bad_arguments():
    with pytest.raises(ValueError, match='embed_dims'):
        CachedAttention(8, 3)
