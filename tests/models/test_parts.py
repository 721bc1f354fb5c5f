"""Building a model's parts, and finding misfits."""

from types import SimpleNamespace

import pytest
from mmengine.model import ModuleDict
from torch import nn

from trimodal.models.parts import (
    build_parts,
    check_any,
    check_fit,
    check_names,
)


def test_build_parts_takes_configs_and_modules():
    ready = nn.Identity()
    parts = build_parts('heads', {'a': ready, 'b': {'type': 'torch.nn.ReLU'}})
    assert isinstance(parts, ModuleDict)
    assert parts['a'] is ready
    assert isinstance(parts['b'], nn.ReLU)
    assert len(build_parts('objectives', {})) == 0


def test_name_of_a_part_holds_no_loss():
    with pytest.raises(ValueError, match=r"no 'loss' in it, got \['a_loss'\]"):
        build_parts('heads', {'a_loss': nn.Identity()})


def test_check_any_names_the_empty_one():
    check_any(encoders={'a': 1}, heads={'b': 2})
    with pytest.raises(ValueError, match='heads must name at least one'):
        check_any(encoders={'a': 1}, heads={})


@pytest.mark.parametrize(
    ('heads', 'objectives', 'double'),
    [
        (['cls'], ['cls'], 'cls'),
        (['fusion'], [], 'fusion'),
        (['cls'], ['align1'], 'align1'),
    ],
)
def test_names_of_losses_are_unique(heads, objectives, double):
    check_names(1, ['cls'], ['aux'])
    with pytest.raises(ValueError, match=rf"got \['{double}'\] twice"):
        check_names(2, heads, objectives)


def part(**widths: object) -> SimpleNamespace:
    return SimpleNamespace(**widths)


def test_check_fit_follows_the_widths():
    encoders = {'a': part(out_channels=3), 'b': part(out_channels=4)}
    fusion = part(in_channels={'a': 3, 'b': 4}, out_channels=5)
    heads = {'cls': part(in_channels=5)}
    check_fit(encoders, [part()], fusion, heads)
    with pytest.raises(ValueError, match=r"fusion must take {'a': 6, 'b': 6}"):
        check_fit(encoders, [part(out_channels=6)], fusion, heads)
    with pytest.raises(ValueError, match=r"head 'cls' must take 5 .*=7"):
        check_fit(encoders, [], fusion, {'cls': part(in_channels=7)})
