"""The pyramid of a plain vision transformer."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.cases.image import VIT
from trimodal.models import SimpleFeaturePyramid
from trimodal.structures import ModalityInput
from trimodal.testing import image_samples, stack_inputs


def norm(x: torch.Tensor) -> torch.Tensor:
    """Layer normalisation over channels, by its formula."""
    x = x - x.mean(1, keepdim=True)
    return x * (x.square().mean(1, keepdim=True) + 1e-6).rsqrt()


def by_hand(model: SimpleFeaturePyramid, grid: torch.Tensor) -> list:
    """The levels of a grid float ``[B, C, h, w]``, as the paper has them."""

    def enlarged(x, conv):
        return F.conv_transpose2d(x, conv.weight, conv.bias, stride=2)

    four, two, one, half = model.levels
    up = [level.enlarge for level in (four, two)]
    sizes = [
        enlarged(F.gelu(norm(enlarged(grid, up[0][0]))), up[0][3]),
        enlarged(grid, up[1][0]),
        grid,
        F.max_pool2d(grid, 2),
    ]
    return [
        norm(
            F.conv2d(
                norm(F.conv2d(x, level.reduce[0].weight)),
                level.smooth[0].weight,
                padding=1,
            )
        )
        for x, level in zip(sizes, (four, two, one, half), strict=True)
    ]


def test_equals_the_papers_levels():
    model = SimpleFeaturePyramid(VIT, out_channels=8).eval()
    x = ModalityInput(torch.randn(2, 3, 32, 48), torch.ones(2, 32, 48).bool())
    cells = model.encoder(x).x[:, 1:].transpose(1, 2).unflatten(2, (4, 6))
    tokens = model(x)
    assert tokens.grids == ((16, 24), (8, 12), (4, 6), (2, 3))
    want = [level.flatten(2) for level in by_hand(model, cells)]
    torch.testing.assert_close(
        tokens.x, torch.cat(want, 2).transpose(1, 2), atol=1e-5, rtol=1e-5
    )


def test_padding_changes_no_level():
    model = SimpleFeaturePyramid(VIT, out_channels=8).eval()
    samples = image_samples(((24, 40), (40, 8)))
    batch = model(stack_inputs(samples, spare=8))
    for row, sample in enumerate(samples):
        alone = model(sample)
        torch.testing.assert_close(
            batch.x[row][batch.mask[row]], alone.x[0], atol=1e-5, rtol=1e-5
        )


def test_a_halved_cell_is_real_if_any_part_is():
    model = SimpleFeaturePyramid(VIT, out_channels=8, scales=(0.5,)).eval()
    tokens = model(image_samples(((24, 40),))[0])
    assert tokens.grids == ((2, 3),)
    assert tokens.mask.all()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'out_channels': 0}, 'out_channels'),
        ({'scales': ()}, r'scales .*got \(\)'),
        ({'scales': (1, 2)}, r'scales .*got \(1, 2\)'),
        ({'scales': (3,)}, r'scales .*got \(3,\)'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        SimpleFeaturePyramid(VIT, **settings)


def test_an_encoder_without_a_grid():
    model = SimpleFeaturePyramid({**VIT, 'output': 'cls'})
    with pytest.raises(ValueError, match='of one grid, got those of 0'):
        model(image_samples()[0])
