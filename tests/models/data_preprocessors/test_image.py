"""Batches of pictures."""

import pytest
import torch
from torchvision.transforms.functional import normalize

from trimodal.models import ImagePreprocessor

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


def picture(height: int, width: int) -> torch.Tensor:
    return torch.randint(0, 256, (3, height, width), dtype=torch.uint8)


def test_normalised_as_by_torchvision_and_padded():
    pictures = [picture(5, 7), picture(8, 4)]
    got = ImagePreprocessor()([pictures[0], None, pictures[1]])
    assert got.data.shape == (3, 3, 8, 7)
    assert got.present.tolist() == [True, False, True]
    for row, given in ((0, pictures[0]), (2, pictures[1])):
        _, height, width = given.shape
        want = normalize(given.float(), MEAN, STD)
        torch.testing.assert_close(got.data[row, :, :height, :width], want)
        real = torch.zeros(8, 7, dtype=torch.bool)
        real[:height, :width] = True
        assert torch.equal(got.mask[row], real)
        assert not got.data[row][:, ~real].any()


def test_size_divisor():
    got = ImagePreprocessor(size_divisor=16)([picture(17, 16)])
    assert got.data.shape == (1, 3, 32, 16)
    assert got.mask.sum() == 17 * 16


def test_grey():
    got = ImagePreprocessor(mean=[10], std=[2])([torch.full((1, 2, 2), 14)])
    assert got.data.tolist() == [[[[2.0, 2.0], [2.0, 2.0]]]]


def test_nobody_shows():
    got = ImagePreprocessor()([None, None])
    assert got.data.shape == (2, 3, 1, 1)
    assert not got.mask.any()
    assert not got.data.any()


def test_nothing_is_overwritten():
    given = torch.rand(3, 4, 4) * 255
    kept = given.clone()
    ImagePreprocessor()([given])
    assert torch.equal(given, kept)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'mean': [1.0]}, 'mean and std'),
        ({'mean': [], 'std': []}, 'mean and std'),
        ({'std': [1.0, 0.0, 1.0]}, 'std'),
        ({'size_divisor': 0}, 'size_divisor'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        ImagePreprocessor(**settings)


def test_channels_must_fit():
    with pytest.raises(ValueError, match=r'image .*\[3, any, any\].*sample 1'):
        ImagePreprocessor()([None, torch.zeros(1, 4, 4)])
