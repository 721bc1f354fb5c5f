"""Vision transformer against torchvision's."""

import pytest
import torch
from torchvision.models import VisionTransformer as TorchvisionViT

from trimodal.models import VisionTransformer
from trimodal.structures import ModalityInput

SMALL = {
    'img_size': 32,
    'patch_size': 8,
    'embed_dims': 16,
    'num_layers': 2,
    'num_heads': 2,
    'feedforward_channels': 24,
}


def batch(height: int = 32, width: int = 32, rows: int = 2) -> ModalityInput:
    return ModalityInput(
        torch.randn(rows, 3, height, width),
        torch.ones(rows, height, width, dtype=torch.bool),
    )


def torchvision_vit(image_size: int = 32) -> TorchvisionViT:
    """Torchvision's of the same size, with every weight drawn."""
    model = TorchvisionViT(
        image_size=image_size,
        patch_size=8,
        num_layers=2,
        num_heads=2,
        hidden_dim=16,
        mlp_dim=24,
        num_classes=5,
    ).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def test_equals_torchvision_with_the_same_weights(tmp_path):
    theirs = torchvision_vit()
    torch.save(theirs.state_dict(), tmp_path / 'vit.pth')
    weights = str(tmp_path / 'vit.pth')
    ours = VisionTransformer(**SMALL, weights=weights).eval()
    x = batch()
    tokens = ours(x)
    assert tokens.x.shape == (2, 17, 16)
    torch.testing.assert_close(
        theirs.heads(tokens.x[:, 0]), theirs(x.data), atol=1e-5, rtol=1e-5
    )


def test_outputs_are_parts_of_all():
    torch.manual_seed(0)
    every = VisionTransformer(**SMALL).eval()
    x = batch(24, 40)
    want = every(x).x
    assert every(x).grids == ((3, 5),)
    assert want.shape == (2, 1 + 3 * 5, 16)
    parts = {
        'cls': want[:, :1],
        'patches': want[:, 1:],
        'mean': want[:, 1:].mean(1, keepdim=True),
    }
    for output, part in parts.items():
        model = VisionTransformer(**SMALL, output=output).eval()
        model.load_state_dict(every.state_dict())
        tokens = model(x)
        torch.testing.assert_close(tokens.x, part)
        assert tokens.mask.shape == part.shape[:2]
        assert tokens.grids == (((3, 5),) if output == 'patches' else ())


def test_a_patch_is_real_if_any_pixel_is():
    x = batch(32, 32, rows=1)
    mask = torch.zeros(1, 32, 32, dtype=torch.bool)
    mask[0, :9, :16] = True
    tokens = VisionTransformer(**SMALL)(ModalityInput(x.data, mask))
    want = torch.zeros(4, 4, dtype=torch.bool)
    want[:2, :2] = True
    assert torch.equal(tokens.mask[0, 1:], want.flatten())
    assert tokens.mask[0, 0]


def test_without_cls_token_and_with_sinusoidal_positions():
    model = VisionTransformer(
        **SMALL, cls_token=False, positions='sinusoidal', layer_scale=1e-2
    )
    assert model(batch()).x.shape == (2, 16, 16)
    assert model.positions.table is None


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'img_size': 30}, 'img_size .*8'),
        ({'patch_size': 0}, 'patch_size'),
        ({'output': 'first'}, 'output'),
        ({'output': 'cls', 'cls_token': False}, 'cls_token'),
        ({'positions': 'none'}, 'positions'),
        ({'embed_dims': 18}, 'embed_dims'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        VisionTransformer(**{**SMALL, **changes})
