"""build: a config becomes an object, an object stays what it is."""

import pytest
from mmengine.config import ConfigDict
from torch import nn

from trimodal.registry import MODELS
from trimodal.utils import build

LINEAR = dict(type='torch.nn.Linear', in_features=2)


@pytest.mark.parametrize('kind', [dict, ConfigDict])
def test_a_config_is_built_with_defaults(kind):
    config = kind(LINEAR)
    linear = build(config, MODELS, out_features=3, in_features=9)
    assert linear.weight.shape == (3, 2)  # the config goes first
    assert dict(config) == LINEAR  # and is left as it was


def test_a_ready_object_is_returned():
    module = nn.Identity()
    assert build(module, MODELS, out_features=3) is module
    assert build(None, MODELS) is None


def test_a_config_without_type_is_refused():
    with pytest.raises(KeyError, match='type'):
        build(dict(in_features=2), MODELS)
