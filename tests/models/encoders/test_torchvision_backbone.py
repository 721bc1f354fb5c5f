"""Torchvision's networks as encoders."""

import pytest
import torch
from torchvision.models import get_model

from trimodal.models import TorchvisionBackbone
from trimodal.structures import ModalityInput


def batch(*sizes: tuple[int, int], channels: int = 3) -> ModalityInput:
    """Pictures of ``sizes``, padded; (0, 0) is an absent one."""
    height = max(size[0] for size in sizes)
    width = max(size[1] for size in sizes)
    mask = torch.zeros(len(sizes), height, width, dtype=torch.bool)
    for row, (rows, columns) in zip(mask, sizes, strict=True):
        row[:rows, :columns] = True
    data = torch.randn(len(sizes), channels, height, width)
    return ModalityInput(data.masked_fill(~mask.unsqueeze(1), 0), mask)


@pytest.fixture(scope='module')
def resnet(tmp_path_factory):
    """A ResNet-18 with random weights, and a checkpoint of it."""
    torch.manual_seed(0)
    model = get_model('resnet18', weights=None).eval()
    path = tmp_path_factory.mktemp('weights') / 'resnet18.pth'
    torch.save({'state_dict': model.state_dict()}, path)
    return model, str(path)


def stem(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    return model.maxpool(model.relu(model.bn1(model.conv1(x))))


def running_means(module: torch.nn.Module) -> list[torch.Tensor]:
    return [
        buffer.clone()
        for name, buffer in module.named_buffers()
        if 'running_mean' in name
    ]


def test_tokens_are_the_cells_row_by_row(resnet):
    model, path = resnet
    backbone = TorchvisionBackbone('resnet18', 1, weights=path).eval()
    x = batch((64, 96), (64, 96))
    want = model.layer1(stem(model, x.data))
    tokens = backbone(x)
    torch.testing.assert_close(tokens.x, want.flatten(2).transpose(1, 2))
    assert tokens.mask.all()
    assert backbone.out_channels == 64


def test_every_size_runs_without_padding(resnet):
    model, path = resnet
    backbone = TorchvisionBackbone('resnet18', 'layer1', weights=path).eval()
    x = batch((64, 32), (0, 0), (32, 96), (64, 32))
    tokens = backbone(x)
    assert tokens.mask.sum(1).tolist() == [128, 0, 192, 128]
    want = model.layer1(stem(model, x.data[2:3, :, :32, :96]))
    torch.testing.assert_close(tokens.x[2, :192], want[0].flatten(1).T)


def test_the_grid_is_that_of_the_padded_batch(resnet):
    backbone = TorchvisionBackbone('resnet18', 0, weights=resnet[1]).eval()
    tokens = backbone(batch((32, 16), (8, 40)))
    assert tokens.grids == ((8, 10),)
    want = torch.zeros(2, 8, 10, dtype=torch.bool)
    want[0, :8, :4] = True
    want[1, :2, :10] = True
    assert torch.equal(tokens.mask, want.flatten(1))


def test_several_levels(resnet):
    model, path = resnet
    backbone = TorchvisionBackbone('resnet18', ('layer2', 0), weights=path)
    x = batch((64, 64))
    fine, coarse = backbone.eval().levels(x.data)
    assert backbone.channels == (64, 128)
    torch.testing.assert_close(fine, stem(model, x.data))
    tokens = backbone(x)
    assert tokens.grids == ((8, 8),)
    torch.testing.assert_close(tokens.x, coarse.flatten(2).transpose(1, 2))


def test_grey_is_repeated(resnet):
    backbone = TorchvisionBackbone('resnet18', 0, weights=resnet[1]).eval()
    grey = batch((32, 32), channels=1)
    colour = ModalityInput(grey.data.expand(-1, 3, -1, -1), grey.mask)
    torch.testing.assert_close(backbone(grey).x, backbone(colour).x)


def test_absent_pictures_do_not_disturb_statistics(resnet):
    x = batch((32, 32), (32, 32), (32, 32))
    some = ModalityInput(
        torch.cat([x.data, torch.zeros(2, 3, 32, 32)]),
        torch.cat([x.mask, torch.zeros(2, 32, 32, dtype=torch.bool)]),
    )
    results = []
    for given in (x, some):
        backbone = TorchvisionBackbone('resnet18', 1, weights=resnet[1])
        out = backbone.train()(given)
        results.append((out.x[:3], running_means(backbone)))
    torch.testing.assert_close(results[0], results[1])


def test_nothing_there_leaves_statistics_and_gives_zero_gradients(resnet):
    backbone = TorchvisionBackbone('resnet18', 1, weights=resnet[1]).train()
    before = running_means(backbone)
    out = backbone(batch((32, 32)).keep(torch.tensor([False])))
    assert out.x.shape == (1, 1, 64)
    out.x.sum().backward()
    for parameter in backbone.parameters():
        assert parameter.grad is not None
        assert not parameter.grad.any()
    torch.testing.assert_close(before, running_means(backbone))


def test_a_single_picture_uses_running_statistics(resnet):
    backbone = TorchvisionBackbone('resnet18', weights=resnet[1]).train()
    x = batch((32, 32), (0, 0))
    before = running_means(backbone)
    # The last stage has one cell: batch statistics would not exist.
    out = backbone(x)
    assert out.x.shape == (2, 1, 512)
    torch.testing.assert_close(before, running_means(backbone))
    assert backbone.features.bn1.training
    torch.testing.assert_close(out.x, backbone.eval()(x).x)


def test_padded_mask_in_training():
    backbone = TorchvisionBackbone('mobilenet_v3_small', 1).train()
    out = backbone(batch((64, 64), (32, 64)))
    assert out.mask.sum(1).tolist() == [256, 128]
    assert not out.x[~out.mask].any()


def test_frozen_stages(resnet):
    backbone = TorchvisionBackbone(
        'resnet18', weights=resnet[1], frozen_stages=2
    )
    backbone.train()
    frozen = {
        name.split('.')[1]
        for name, parameter in backbone.named_parameters()
        if not parameter.requires_grad
    }
    assert frozen == {'conv1', 'bn1', 'layer1'}
    assert not backbone.features.bn1.training
    assert not backbone.features.get_submodule('layer1.0.bn1').training
    assert backbone.features.get_submodule('layer2.0.bn1').training
    before = backbone.features.get_submodule(
        'layer1.0.bn1'
    ).running_mean.clone()
    backbone(batch((32, 32), (32, 32)))
    after = backbone.features.get_submodule('layer1.0.bn1').running_mean
    assert torch.equal(before, after)


@pytest.mark.parametrize(
    ('name', 'level', 'width'),
    [
        ('resnet50', 1, 256),
        ('efficientnet_b0', 2, 24),
        ('convnext_tiny', 0, 96),
        ('swin_t', 1, 96),
        ('mobilenet_v3_small', -1, 576),
        ('regnet_y_400mf', 'trunk_output.block2', 104),
        ('shufflenet_v2_x0_5', -1, 1024),
        ('squeezenet1_1', -1, 512),
        ('mnasnet0_5', -1, 1280),
        pytest.param('resnet101', -1, 2048, marks=pytest.mark.slow),
        pytest.param('efficientnet_v2_s', -1, 1280, marks=pytest.mark.slow),
        pytest.param('densenet121', -1, 1024, marks=pytest.mark.slow),
        pytest.param('convnext_tiny', -1, 768, marks=pytest.mark.slow),
        pytest.param('swin_t', -1, 768, marks=pytest.mark.slow),
        pytest.param('swin_v2_t', -1, 768, marks=pytest.mark.slow),
        pytest.param('vgg11', -1, 512, marks=pytest.mark.slow),
        pytest.param('googlenet', -1, 1024, marks=pytest.mark.slow),
        pytest.param('inception_v3', -1, 2048, marks=pytest.mark.slow),
    ],
)
def test_families(name, level, width):
    backbone = TorchvisionBackbone(name, level).eval()
    with torch.no_grad():
        tokens = backbone(batch((96, 96), (96, 96)))
    assert tokens.x.shape[1] == tokens.grids[0][0] * tokens.grids[0][1]
    assert tokens.x.shape[2] == backbone.out_channels == width
    assert tokens.x.any()


def test_stages_of_a_resnet():
    assert TorchvisionBackbone('resnet18', 0).stages == (
        'maxpool',
        'layer1',
        'layer2',
        'layer3',
        'layer4',
    )


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'name': 'resnet19'}, "name .*'resnet19'"),
        ({'name': 'raft_small'}, "name .*'raft_small'"),
        ({'name': 'vit_b_32'}, "name .*any picture size.*'vit_b_32'"),
        ({'level': ()}, r'level .*got \(\)'),
        ({'level': (1, 'layer1')}, r'level .*each once'),
        ({'level': 5}, r"level .*'layer4'.*got 5"),
        ({'level': 'layer9'}, "level .*'layer9'"),
        ({'level': 'fc'}, 'level must give a grid'),
        ({'frozen_stages': 6}, r'frozen_stages .*\[0, 5\].*6'),
        ({'weights': 'IMAGENET9'}, "weights .*IMAGENET1K_V1.*'IMAGENET9'"),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        TorchvisionBackbone(**{'name': 'resnet18', **settings})


@pytest.mark.slow
def test_a_network_of_window_sizes():
    with pytest.raises(ValueError, match=r"any picture size.*'maxvit_t'"):
        TorchvisionBackbone('maxvit_t')


def test_weights_of_another_network_are_refused(resnet):
    with pytest.raises(ValueError, match=r'weights lack .* such as'):
        TorchvisionBackbone('resnet50', 1, weights=resnet[1])
