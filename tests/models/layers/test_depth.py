"""How deep a parameter lies in a network."""

import pytest
from torch import nn

from tests.models import cases
from tests.models.contract_cases import contracts_of
from trimodal.models import BaseEncoder
from trimodal.models.layers.depth import layer_depths
from trimodal.registry import MODELS

ENCODERS = {
    contract.id: contract
    for contract in contracts_of(cases)
    if issubclass(MODELS.get(contract.cfg['type']), BaseEncoder)
}


def depths_of(encoder: BaseEncoder) -> dict[str, tuple[int, int]]:
    return {
        name: encoder.get_layer_depth(name)
        for name, _ in encoder.named_parameters()
    }


@pytest.mark.parametrize('name', ENCODERS)
def test_every_parameter_of_every_encoder_has_a_depth(name: str):
    """From 0, or from 1 without anything before the layers."""
    encoder = ENCODERS[name].build()
    for layer, count in depths_of(encoder).values():
        assert 0 <= layer < count
    assert any(count > 1 for _, count in depths_of(encoder).values())


def test_vision_transformer_is_numbered_as_usual():
    """As mmpretrain does it: embeddings, layers, the last normalisation."""
    depths = depths_of(ENCODERS['VisionTransformer'].build())
    assert {count for _, count in depths.values()} == {4}
    for name, (layer, _) in depths.items():
        if name.startswith('transformer.layers.'):
            assert layer == 1 + int(name.split('.')[2])
        elif name.startswith('transformer.norm.'):
            assert layer == 3
        else:
            assert layer == 0, name


@pytest.mark.parametrize(
    'kind', ['TorchvisionBackbone', 'TimmBackbone'], ids=str
)
def test_blocks_of_a_residual_network(kind: str):
    """Four stages of two blocks, behind a stem of a convolution."""
    encoder = MODELS.build({'type': kind, 'name': 'resnet18'})
    depths = depths_of(encoder)
    assert depths['features.conv1.weight'] == (0, 10)
    block = 'features.layer{}.{}.conv1.weight'
    found = [
        depths[block.format(s, b)][0] for s in (1, 2, 3, 4) for b in (0, 1)
    ]
    assert found == [*range(1, 9)]


def test_stacks_one_after_the_other():
    encoder = ENCODERS['HandTransformer'].build()
    depths = depths_of(encoder)
    assert depths['joints'] == depths['embedding.weight'] == (0, 4)
    assert depths['spatial.layers.0.norm1.weight'] == (1, 4)
    # Between the stacks: with the layer before.
    assert depths['spatial.norm.weight'] == (1, 4)
    assert depths['temporal.layers.0.norm1.weight'] == (2, 4)
    assert depths['temporal.norm.weight'] == depths['norm.weight'] == (3, 4)


def test_encoders_inside_are_side_by_side():
    encoder = ENCODERS['StreamFusionEncoder'].build()
    depths = depths_of(encoder)
    first, second = (
        [d for n, d in depths.items() if n.startswith(f'encoders.{i}.')]
        for i in (0, 1)
    )
    assert first == second
    assert len(set(first)) > 2
    pooled = ENCODERS['PooledEncoder-attention'].build()
    assert depths_of(pooled)['encoder.cls_token'] == (0, 4)
    after = [n for n in depths_of(pooled) if not n.startswith('encoder.')]
    assert after
    assert all(pooled.get_layer_depth(n) == (0, 1) for n in after)


def test_scores_of_the_layers_come_after_them():
    encoder = ENCODERS['TorchaudioBundle-weighted'].build()
    layer, count = encoder.get_layer_depth('layer_scores')
    assert layer == count - 1


def test_branches_inside_a_layer_are_no_layers():
    branches = nn.ModuleList(nn.Sequential(nn.Linear(2, 2)) for _ in range(3))
    layer = nn.ModuleDict({'branches': branches})
    network = nn.Sequential(layer, nn.ModuleDict({'x': nn.Linear(2, 2)}))
    depths, count = layer_depths(network)
    assert count == 4
    assert depths['0.branches.2.0.weight'] == 1
    assert depths['1.x.bias'] == 2


def test_no_layers_at_all():
    assert layer_depths(nn.Linear(2, 2)) == ({'weight': 1, 'bias': 1}, 2)
    assert layer_depths(nn.Identity()) == ({}, 2)
