"""Registries: children of mmengine's that help with a misspelt type."""

import mmengine.registry as root
import pytest
import torch

from trimodal import registry
from trimodal.registry import MODELS, SuggestingRegistry

REQUIRED = {
    'MODELS': 'models',
    'DATASETS': 'datasets',
    'DATA_SAMPLERS': 'datasets',
    'TRANSFORMS': 'datasets',
    'METRICS': 'evaluation',
    'HOOKS': 'engine',
    'LOOPS': 'engine',
    'OPTIM_WRAPPERS': 'engine',
    'OPTIMIZERS': 'engine',
    'PARAM_SCHEDULERS': 'engine',
    'VISUALIZERS': 'visualization',
    'VISBACKENDS': 'visualization',
    'INFERENCERS': 'apis',
    'TASK_UTILS': 'datasets',
}


@pytest.mark.parametrize('name', REQUIRED)
def test_registry_is_there_and_knows_where_to_look(name):
    found = getattr(registry, name)
    assert found.scope == 'trimodal'
    assert found.parent is getattr(root, name)
    assert f'trimodal.{REQUIRED[name]}' in found._locations


@pytest.fixture
def family() -> tuple[SuggestingRegistry, SuggestingRegistry]:
    """A child with one class, and its parent with another."""
    parent = SuggestingRegistry('thing', scope='outer')
    child = SuggestingRegistry('thing', parent=parent, scope='inner')
    parent.register_module(name='LateFusion', module=dict)
    child.register_module(name='ConcatFusion', module=list)
    return child, parent


def test_get_looks_here_then_in_the_parent(family):
    child, _ = family
    assert child.get('ConcatFusion') is list
    assert child.get('LateFusion') is dict
    assert child.get('inner.ConcatFusion') is list


def test_a_misspelt_type_gives_the_nearest_names(family):
    child, _ = family
    with pytest.raises(KeyError, match=r"mean 'ConcatFusion'") as error:
        child.get('concatfusion')
    assert 'inner::thing' in str(error.value)
    assert 'custom_imports' in str(error.value)
    with pytest.raises(KeyError, match=r"mean 'LateFusion'"):
        child.get('LateFusoin')


def test_what_resembles_nothing_gives_all_names(family):
    child, _ = family
    with pytest.raises(KeyError, match='Registered: ConcatFusion, LateFusio'):
        child.get('xyz')
    empty = SuggestingRegistry('thing', scope='alone')
    with pytest.raises(KeyError, match='Registered: nothing'):
        empty.get('xyz')


def test_an_error_while_importing_is_not_hidden():
    with pytest.raises(Exception, match='no_such_module'):
        MODELS.get('no_such_module.Thing')


def test_build_of_a_misspelt_type_suggests_too():
    with pytest.raises(KeyError, match="Did you mean 'ConcatFusion'"):
        MODELS.build(dict(type='ConcatFusoin'))


def test_a_dotted_path_needs_no_registration():
    linear = MODELS.build(
        dict(type='torch.nn.Linear', in_features=2, out_features=3)
    )
    assert isinstance(linear, torch.nn.Linear)
