from typing import Any

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as F

from tests.datasets.transforms.samples import make_sample, smooth_image
from trimodal.datasets.transforms import ColorJitter, color

IMAGE = np.concatenate(
    [
        smooth_image(40, 50),
        np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8),
    ]
)
TENSOR = torch.from_numpy(IMAGE).permute(2, 0, 1)


def largest_difference(image: np.ndarray, expected: Any) -> int:
    expected = expected.permute(1, 2, 0).numpy().astype(int)
    return int(np.abs(image.astype(int) - expected).max())


@pytest.mark.parametrize('name', ['brightness', 'contrast', 'saturation'])
@pytest.mark.parametrize('factor', [0.0, 0.5, 0.83, 1.0, 1.4, 2.0])
def test_factors_equal_torchvision(name: str, factor: float) -> None:
    adjust = getattr(color, f'adjust_{name}')
    expected = getattr(F, f'adjust_{name}')(TENSOR, factor)
    # One level, as torchvision rounds down; grey too, then times 1 - factor.
    allowed = 1 + (name != 'brightness')
    assert largest_difference(adjust(IMAGE, factor), expected) <= allowed


@pytest.mark.parametrize('turn', [-0.5, -0.1, 0.0, 0.03, 0.25, 0.5])
def test_hue_equals_torchvision(turn: float) -> None:
    expected = F.adjust_hue(TENSOR, turn)
    assert largest_difference(color.adjust_hue(IMAGE, turn), expected) <= 2


def test_applies_the_drawn_factors_in_the_drawn_order() -> None:
    jitter = ColorJitter(brightness=0.4, contrast=0.3, saturation=0.5, hue=0.1)
    orders, differences = set(), []
    for seed in range(30):
        sample = make_sample(seed)
        image = torch.from_numpy(sample['image'] / 255).permute(2, 0, 1)
        rng = np.random.default_rng(seed)
        order = rng.permutation(4)
        for index in order:
            name = ('brightness', 'contrast', 'saturation', 'hue')[index]
            spread = (0.4, 0.3, 0.5, 0.1)[index]
            middle = 0 if name == 'hue' else 1
            factor = rng.uniform(middle - spread, middle + spread)
            image = getattr(F, f'adjust_{name}')(image, factor)
        result = jitter(sample)['image']
        expected = image.permute(1, 2, 0).numpy() * 255
        differences.append(np.abs(result - expected).mean())
        orders.add(tuple(order))
    assert len(orders) > 10
    # Ours rounds four times, the reference in float never.
    assert max(differences) < 0.7


def test_factors_stay_positive() -> None:
    image = np.full((4, 4, 3), 100, np.uint8)
    levels = [
        ColorJitter(brightness=3.0, contrast=0, saturation=0)(
            {'image': image, 'rng': np.random.default_rng(seed)}
        )['image'].max()
        for seed in range(60)
    ]
    assert min(levels) < 30
    assert max(levels) == 255


def test_all_zero_changes_nothing() -> None:
    sample = make_sample()
    out = ColorJitter(brightness=0, contrast=0, saturation=0)(sample)
    assert out['image'] is sample['image']


def test_boxes_stay() -> None:
    sample = make_sample()
    assert ColorJitter()(sample)['gt_bboxes'] is sample['gt_bboxes']


@pytest.mark.parametrize(
    ('name', 'value'),
    [('brightness', -0.1), ('contrast', 'x'), ('hue', 0.6), ('hue', -0.1)],
)
def test_bad_arguments(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f'{name} must be a number'):
        ColorJitter(**{name: value})
