"""Parameters, shapes and operations against sums by hand."""

from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers import MultiheadAttention
from trimodal.utils.model_summary import (
    _short,
    format_summary,
    shape_of,
    summarize_model,
)


def rows_of(model: nn.Module, *args: Tensor) -> dict:
    rows = summarize_model(model, lambda: model(*args))
    return {row.name: row for row in rows}


def test_linear_and_convolution():
    """2 operations for each product of a weight with an input."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, groups=1),
        nn.Conv2d(8, 8, 3, padding=1, groups=4),
        nn.Flatten(),
        nn.Linear(8 * 4 * 6, 5),
    )
    model[0].requires_grad_(False)
    rows = rows_of(model, torch.ones(2, 3, 8, 12))
    places = 2 * 4 * 6  # samples, height, width
    conv = 2 * places * 8 * 3 * 9
    grouped = 2 * places * 8 * 2 * 9
    linear = 2 * 2 * (8 * 4 * 6) * 5
    assert rows['0'].flops == conv
    assert rows['1'].flops == grouped
    assert rows['2'].flops == 0
    assert rows['3'].flops == linear
    assert rows[''].flops == conv + grouped + linear
    assert rows['0'].shape == '2x8x4x6'
    assert (rows['0'].parameters, rows['0'].trainable) == (8 * 27 + 8, 0)
    total = sum(p.numel() for p in model.parameters())
    assert (rows[''].parameters, rows[''].trainable) == (total, total - 224)


@pytest.mark.parametrize('masked', [False, True])
@pytest.mark.parametrize('itself', [False, True])
def test_attention(masked: bool, itself: bool):
    """Projections of q, k, v and the result; scores; sums of values."""
    batch, steps, keys, width, heads = 2, 5, 5 if itself else 7, 16, 4
    model = MultiheadAttention(width, heads).eval()
    query = torch.ones(batch, steps, width)
    key = None if itself else torch.ones(batch, keys, width)
    mask = torch.ones(batch, keys).bool() if masked else None
    rows = rows_of(model, query, key, mask)
    project = 2 * batch * width * width * (2 * steps + 2 * keys)
    attend = 2 * (2 * batch * steps * keys * width)
    assert rows[''].flops == project + attend
    assert rows['out_proj'].flops == 2 * batch * steps * width * width
    # torch itself misses it, which is why there is a mapping; once it does
    # not, the mapping can go.
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        F.scaled_dot_product_attention(query, query, query)
    assert counter.get_total_flops() == 0


class Twice(nn.Module):
    """A layer used twice, a container never called, a lone parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(
            {'a': nn.Linear(3, 3), 'b': nn.Linear(3, 1)}
        )
        self.scale = nn.Parameter(torch.ones(2))
        self.tied = self.parts['a']
        self.unused = nn.Linear(9, 9)
        self.empty = nn.ModuleList()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.parts['a'](self.parts['a'](x)) * self.scale.sum()
        return {'y': self.parts['b'](x)}


def test_containers_shared_and_unused_modules():
    rows = rows_of(Twice(), torch.ones(4, 3))
    assert rows['parts.a'].flops == 2 * (2 * 4 * 3 * 3)
    assert rows['parts'].flops == rows['parts.a'].flops + 2 * 4 * 3
    assert rows['parts'].shape == ''
    assert rows['unused'].flops == 0
    assert rows[''].parameters == 12 + 4 + 2 + 90
    assert rows[''].shape == 'y 4x1'
    assert 'tied' not in rows


def test_the_model_is_left_as_it_was():
    model = Twice()
    rows_of(model, torch.ones(4, 3))
    assert all(not m._forward_hooks for m in model.modules())
    with pytest.raises(RuntimeError):
        rows_of(model, torch.ones(4, 4))
    assert all(not m._forward_pre_hooks for m in model.modules())


@dataclass
class Output:
    x: Tensor
    mask: Tensor


def test_shapes_of_anything():
    x = torch.ones(2, 3)
    assert shape_of(Output(x, x)) == '2x3'
    assert shape_of([x, {'a': Output(x, x)}, torch.tensor(1)]) == (
        '2x3, a 2x3, 1'
    )
    assert shape_of([x] * 5) == '2x3, 2x3, 2x3, 2x3, ...'
    assert shape_of('text') == ''


def test_the_table():
    model = Twice()
    rows = summarize_model(model, lambda: model(torch.ones(4, 3)))
    lines = format_summary(rows, depth=1).splitlines()
    assert lines[0].split() == [
        *('module', 'class', 'parameters', 'trainable', 'FLOPs', 'output')
    ]
    assert lines[1].split() == [
        *('(model)', 'Twice', '108', '108', '168', 'y', '4x1')
    ]
    assert lines[2].split() == ['parts', 'ModuleDict', '16', '16', '168']
    assert len(lines) == 5
    assert lines[-1] == (
        '108 parameters: 108 trainable, 0 frozen; 0.0 MiB in float32; '
        '168 FLOPs'
    )
    assert len(format_summary(rows, depth=2).splitlines()) == 7
    plain = format_summary(summarize_model(model), depth=0)
    assert 'FLOPs' not in plain
    with pytest.raises(ValueError, match='depth must be at least 0'):
        format_summary(rows, depth=-1)


def test_short_numbers():
    numbers = (0, 999, 1000, 12345, 999_999, 2_500_000, 3 * 10**9)
    assert [_short(n) for n in numbers] == [
        *('0', '999', '1k', '12.3k', '1M', '2.5M', '3G')
    ]
