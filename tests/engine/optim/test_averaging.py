"""Averages of weights against torch.optim.swa_utils."""

from collections.abc import Sequence

import pytest
import torch
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, update_bn

from tests.models.small import ENCODERS, make_data, make_model
from trimodal.engine.optim.averaging import (
    WeightAverage,
    recompute_batch_norm,
)
from trimodal.models.layers import MaskedBatchNorm


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)
    )


class Model(BaseModel):
    """A network that takes lists of vectors."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, inputs: Sequence[Tensor], mode: str) -> Tensor:
        assert mode == 'tensor'
        return self.net(torch.stack(list(inputs)))


def test_average_is_torchs():
    theirs = AveragedModel(network(), use_buffers=True)
    ours = WeightAverage()
    for seed in range(4):
        net = network(seed)
        net(torch.randn(5, 3))
        theirs.update_parameters(net)
        before = {k: v.clone() for k, v in net.state_dict().items()}
        ours.update(net.state_dict())
        for name, value in before.items():
            assert torch.equal(net.state_dict()[name], value)
    assert ours.count == 4
    for name, value in theirs.module.state_dict().items():
        torch.testing.assert_close(ours.weights[name], value, msg=name)


def test_states_of_other_models_are_refused():
    average = WeightAverage()
    average.update(nn.Linear(3, 4).state_dict())
    for other in (nn.Linear(4, 4), nn.Linear(3, 4, bias=False)):
        with pytest.raises(ValueError, match='of one model, but they differ'):
            average.update(other.state_dict())


def test_statistics_are_torchs():
    batches = [list(torch.randn(size, 3)) for size in (6, 5, 2)]
    net = network()
    net(torch.randn(7, 3))
    model = Model(net)
    assert recompute_batch_norm(model, [{'inputs': b} for b in batches]) == 3
    theirs = network()
    update_bn([torch.stack(b) for b in batches], theirs)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(net.state_dict()[name], value, msg=name)
    assert net[1].momentum == 0.1
    assert not any(p.grad is not None for p in model.parameters())


def test_no_batch_is_read_for_nothing():
    model = Model(nn.Linear(3, 4))

    def batches():
        raise AssertionError
        yield

    assert recompute_batch_norm(model, batches()) == 0


def test_statistics_of_a_whole_model():
    """Of masked norms too; of frozen parts not."""
    encoders = {
        **ENCODERS,
        'speech': {**ENCODERS['speech'], 'conv_norm': 'batch'},
        'image': {
            'type': 'PooledEncoder',
            'encoder': {'type': 'TorchvisionBackbone', 'name': 'resnet18'},
        },
    }
    fusion = {
        'type': 'ConcatFusion',
        'modalities': ('speech', 'gesture', 'image'),
        'in_channels': {'speech': 16, 'gesture': 16, 'image': 512},
        'out_channels': 16,
    }
    model = make_model(
        encoders=encoders, fusion=fusion, frozen_encoders=('image',)
    )
    before = {k: v.clone() for k, v in model.state_dict().items()}
    data = make_data(['sgi', 'gi', 's'], [0, 1, 2])
    recompute_batch_norm(model, [data, data])
    after = model.state_dict()
    changed = {name for name in before if (before[name] != after[name]).any()}
    norms = [
        name
        for name, module in model.named_modules()
        if isinstance(module, MaskedBatchNorm)
    ]
    assert norms
    kinds = ('running_mean', 'running_var', 'num_batches_tracked')
    assert changed == {f'{name}.{kind}' for name in norms for kind in kinds}
    assert all(after[f'{name}.num_batches_tracked'] == 2 for name in norms)
