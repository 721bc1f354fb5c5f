"""Rates and weight decays, as they stand in the optimizer's groups."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from tests.engine.tiny_fusion import write_fusion
from tests.models import cases, cases_heads
from tests.models.contract_cases import contracts_of
from tests.models.small import ENCODERS, make_model
from trimodal.engine.optim.layer_decay import merged
from trimodal.engine.runner import TrainOptions, train
from trimodal.models import BaseFusion
from trimodal.registry import OPTIM_WRAPPER_CONSTRUCTORS

CONSTRUCTOR = 'LearningRateDecayOptimWrapperConstructor'
LR, DECAY = 0.01, 0.3
NORMS = (
    nn.modules.batchnorm._BatchNorm,
    nn.modules.instancenorm._InstanceNorm,
    nn.GroupNorm,
    nn.LayerNorm,
)
NO_DECAY = {
    'norm_decay_mult': 0.0,
    'bias_decay_mult': 0.0,
    'flat_decay_mult': 0.0,
    'bare_decay_mult': 0.0,
}
DEEP = {
    name: {**cfg, 'num_layers': 2} if name != 'gesture' else cfg
    for name, cfg in ENCODERS.items()
}


def groups_of(model: nn.Module, **paramwise: Any) -> dict[str, dict]:
    """The settings that the optimizer has for each parameter."""
    cfg = {
        'type': 'OptimWrapper',
        'constructor': CONSTRUCTOR,
        'paramwise_cfg': paramwise,
        'optimizer': {'type': 'AdamW', 'lr': LR, 'weight_decay': DECAY},
    }
    optimizer = build_optim_wrapper(model, cfg).optimizer
    names = {p: name for name, p in model.named_parameters()}
    groups = optimizer.param_groups
    found = [names[p] for group in groups for p in group['params']]
    assert sorted(found) == sorted(names.values())
    return {names[p]: group for group in groups for p in group['params']}


def test_earlier_layers_learn_slower():
    groups = groups_of(make_model(encoders=DEEP), layer_decay_rate=0.5)
    layers = 'encoders.image.transformer.layers.{}.norm1.weight'
    rates = [
        groups[name]['lr'] / LR
        for name in (
            'encoders.image.cls_token',
            'encoders.image.patches.weight',
            layers.format(0),
            layers.format(1),
            'encoders.image.transformer.norm.weight',
            'fusion.norms.speech.weight',
            'heads.cls.classifier.linear.weight',
        )
        if name in groups
    ]
    assert rates == [0.125, 0.125, 0.25, 0.5, 1, *rates[5:]]
    rest = {
        group['lr']
        for name, group in groups.items()
        if not name.startswith('encoders.')
    }
    assert rest == {LR}
    assert all(g['lr_scale'] == g['lr'] / LR for g in groups.values())


def test_custom_rates_are_multiplied_and_decay_stays():
    groups = groups_of(
        make_model(encoders=DEEP),
        layer_decay_rate=0.5,
        custom_keys={
            'encoders.image': {'lr_mult': 0.1},
            'heads': {'lr_mult': 10.0, 'decay_mult': 2.0},
        },
    )
    first = groups['encoders.image.transformer.layers.0.norm1.weight']
    assert first['lr'] == pytest.approx(0.1 * 0.25 * LR)
    assert first['weight_decay'] == DECAY
    heads = [g for n, g in groups.items() if n.startswith('heads.')]
    assert heads
    for group in heads:
        assert group['lr'] == pytest.approx(10 * LR)
        assert group['weight_decay'] == 2 * DECAY


PARTS = {c.id: c for c in (*contracts_of(cases), *contracts_of(cases_heads))}


@pytest.mark.parametrize('name', PARTS)
def test_only_weights_of_layers_decay(name: str):
    """Our own norms, positions, tokens and queries are spared as well."""
    part = PARTS[name].build()
    if not any(p.requires_grad for p in part.parameters()):
        pytest.skip('nothing to learn')
    for module in part.modules():  # frozen parameters are in no group
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(True)
    groups = groups_of(part, **NO_DECAY)
    layers = (nn.Linear, nn.modules.conv._ConvNd, nn.Embedding)
    for prefix, module in part.named_modules():
        for kind, parameter in module.named_parameters(recurse=False):
            full = f'{prefix}.{kind}' if prefix else kind
            decay = groups[full]['weight_decay']
            if isinstance(module, layers) and kind == 'weight':
                assert decay == DECAY, full
            elif isinstance(module, NORMS) or parameter.dim() < 2:
                assert decay == 0, full
            elif type(module).__module__.startswith('trimodal.'):
                assert decay == (DECAY if kind == 'weight' else 0), full


def test_without_an_option_all_are_alike():
    model = make_model()
    groups = groups_of(model, layer_decay_rate=1.0)
    assert len({id(group) for group in groups.values()}) == 1
    plain = groups_of(nn.Linear(2, 2), norm_decay_mult=0.0)
    assert {g['lr'] for g in plain.values()} == {LR}


def test_equal_settings_share_a_group():
    """And steps are those of a group for each parameter."""
    a, b, c = (nn.Parameter(torch.ones(2)) for _ in range(3))
    groups = [
        {'params': [a], 'lr': 1.0},
        {'params': [b], 'lr': 2.0},
        {'params': [c], 'lr': 1.0},
    ]
    assert merged(groups) == [
        {'params': [a, c], 'lr': 1.0},
        {'params': [b], 'lr': 2.0},
    ]
    model = make_model(fusion={**FUSION, 'num_layers': 1})
    found = {id(g) for g in groups_of(model, **NO_DECAY).values()}
    assert len(found) == 2


FUSION = {
    'type': 'SelfAttentionFusion',
    'modalities': ('speech', 'gesture', 'image'),
    'in_channels': 16,
    'out_channels': 16,
    'num_heads': 2,
}


def test_a_run_keeps_the_shares_of_the_rates(tmp_path: Path):
    """Through warm-up and cosine, and what the checkpoint has."""
    extra = (
        'custom_imports = dict(imports=["trimodal", '
        '"tests.engine.tiny_fusion"])\n'
        f'optim_wrapper = dict(constructor="{CONSTRUCTOR}",\n'
        '    paramwise_cfg=dict(layer_decay_rate=0.5,\n'
        '        custom_keys=dict(heads=dict(lr_mult=3.0))),\n'
        '    optimizer=dict(type="SGD", lr=0.1))\n'
        'param_scheduler = dict(type="CosineAnnealingLR", T_max=8,\n'
        '    by_epoch=False)\n'
        'train_cfg["max_epochs"] = 1\n'
    )
    config = write_fusion(tmp_path, 'decay', extra)
    options = TrainOptions(work_dir=str(tmp_path / 'w'), test=False)
    train(config, options)
    saved = torch.load(tmp_path / 'w' / 'epoch_1.pth')['optimizer']
    groups = saved['param_groups']
    assert len(groups) == 2
    base = saved['base_param_settings']['lr']
    assert 0 < base < 0.1
    for group in groups:
        assert group['lr'] in (
            pytest.approx(base),
            pytest.approx(3 * base),
        )


@pytest.mark.parametrize(
    ('optimizer', 'paramwise', 'message'),
    [
        ({'lr': 1.0}, {'layer_decay_rat': 0.5}, 'mean layer_decay_rate'),
        ({'lr': 1.0}, {'layer_decay_rate': 1.5}, r'\(0, 1\], got 1.5'),
        ({}, {}, 'must have an lr'),
    ],
)
def test_wrong_values(optimizer: dict, paramwise: dict, message: str):
    build = OPTIM_WRAPPER_CONSTRUCTORS.get(CONSTRUCTOR)
    assert build is not None
    with pytest.raises(ValueError, match=message):
        build({'optimizer': {'type': 'SGD', **optimizer}}, paramwise)


def test_a_model_without_layers_is_refused():
    with pytest.raises(ValueError, match='Linear has no get_layer_depth'):
        groups_of(nn.Linear(2, 2), layer_decay_rate=0.5)


def test_fusions_and_heads_have_the_full_rate():
    model = make_model(fusion=FUSION)
    assert isinstance(model.fusion, BaseFusion)
    depths = {
        name: model.get_layer_depth(name)
        for name, _ in model.named_parameters()
    }
    outer = [n for n in depths if not n.startswith('encoders.')]
    assert {depths[n] for n in outer} == {(0, 1)}
    counts = {
        encoder: {depths[n][1] for n in names}
        for encoder, names in itertools.groupby(
            (n for n in depths if n.startswith('encoders.')),
            key=lambda n: n.split('.')[1],
        )
    }
    assert set(counts) == set(DEEP)
