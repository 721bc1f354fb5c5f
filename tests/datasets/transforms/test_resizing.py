from typing import Any

import numpy as np
import pytest
from torchvision.transforms.v2 import functional as F

from tests.datasets.transforms.samples import make_sample
from tests.datasets.transforms.test_image import tensors
from trimodal.datasets.transforms import (
    RandomResize,
    RandomResizedCrop,
    Resize,
)


def close(image: np.ndarray, expected: Any, mean: float, most: int) -> bool:
    difference = np.abs(
        image.astype(int) - expected.permute(1, 2, 0).numpy().astype(int)
    )
    return difference.mean() <= mean and difference.max() <= most


class TestRandomResizedCrop:
    @pytest.mark.parametrize('size', [(24, 30), (96, 100)])
    @pytest.mark.parametrize('seed', range(8))
    def test_equals_torchvision(self, size: Any, seed: int) -> None:
        sample = make_sample(seed)
        image, boxes = tensors(sample)
        crop = RandomResizedCrop(size=size, scale=(0.2, 1.0))
        out = crop(sample)
        x, y, w, h = crop.draw(64, 48, np.random.default_rng(seed))
        where = {
            'top': y,
            'left': x,
            'height': h,
            'width': w,
            'size': list(size),
        }
        expected = F.resized_crop(image, **where, antialias=True)
        assert close(out['image'], expected, mean=2, most=16)
        moved = F.clamp_bounding_boxes(F.resized_crop(boxes, **where)).numpy()
        kept = (moved[:, 2:] - moved[:, :2] >= 1).all(axis=1)
        np.testing.assert_allclose(out['gt_bboxes'], moved[kept], atol=1e-3)
        for name in ('gt_bboxes_labels', 'gt_bboxes_scores'):
            np.testing.assert_array_equal(out[name], sample[name][kept])
        assert out['img_shape'] == size
        assert out['ori_shape'] == (96, 128)

    def test_some_draws_lose_a_box(self) -> None:
        crop = RandomResizedCrop(size=32, scale=(0.1, 0.3))
        counts = {
            len(crop(make_sample(seed))['gt_bboxes']) for seed in range(40)
        }
        assert min(counts) < 3

    def test_draws_keep_to_area_and_shape(self) -> None:
        crop = RandomResizedCrop(size=8, scale=(0.2, 0.5), ratio=(0.5, 2))
        rng = np.random.default_rng(0)
        parts = np.array([crop.draw(200, 160, rng) for _ in range(500)])
        x, y, w, h = parts.T
        assert (x >= 0).all()
        assert (y >= 0).all()
        assert (x + w <= 200).all()
        assert (y + h <= 160).all()
        area, ratio = w * h / 32000, w / h
        assert 0.19 < area.min() < 0.22
        assert 0.46 < area.max() < 0.51
        assert 0.49 < ratio.min() < 0.55
        assert 1.8 < ratio.max() < 2.03

    @pytest.mark.parametrize(
        ('width', 'height', 'ratio', 'expected'),
        [
            (100, 10, (1, 2), (40, 0, 20, 10)),
            (10, 100, (0.5, 1), (0, 40, 10, 20)),
        ],
    )
    def test_central_part_if_nothing_fits(
        self, width: int, height: int, ratio: Any, expected: Any
    ) -> None:
        crop = RandomResizedCrop(size=8, scale=(1, 1), ratio=ratio)
        rng = np.random.default_rng(0)
        assert crop.draw(width, height, rng) == expected

    @pytest.mark.parametrize(
        ('name', 'value'),
        [
            ('size', 0),
            ('size', (3, 4, 5)),
            ('scale', (0, 1)),
            ('scale', (0.5, 1.5)),
            ('ratio', (2, 1)),
        ],
    )
    def test_bad_arguments(self, name: str, value: Any) -> None:
        with pytest.raises(ValueError, match=f'{name} must be'):
            RandomResizedCrop(**{'size': 8, name: value})


class TestResize:
    @pytest.mark.parametrize('size', [(24, 24), (17, 50), (96, 128), (60, 50)])
    def test_equals_torchvision(self, size: Any) -> None:
        sample = make_sample()
        image, boxes = tensors(sample)
        out = Resize(size=size)(sample)
        expected = F.resize(image, list(size), antialias=True)
        assert close(out['image'], expected, mean=2, most=16)
        np.testing.assert_allclose(
            out['gt_bboxes'], F.resize(boxes, list(size)).numpy(), atol=1e-3
        )
        assert out['img_shape'] == size

    @pytest.mark.parametrize(
        ('size', 'expected'),
        [(32, (24, 32)), ((96, 100), (75, 100)), ((12, 400), (12, 16))],
    )
    def test_keep_ratio(self, size: Any, expected: Any) -> None:
        sample = make_sample()
        out = Resize(size=size, keep_ratio=True)(sample)
        assert out['image'].shape == (*expected, 3)
        np.testing.assert_allclose(
            out['gt_bboxes'],
            sample['gt_bboxes'] * (expected[1] / 64),
            rtol=1e-5,
        )

    def test_no_box_is_lost(self) -> None:
        sample = {
            'image': np.zeros((300, 640, 3), np.uint8),
            'gt_bboxes': np.array([[10, 5, 25, 295]], np.float32),
            'gt_bboxes_labels': np.array([1]),
        }
        out = Resize(size=(15, 32))(sample)
        np.testing.assert_allclose(
            out['gt_bboxes'], [[0.5, 0.25, 1.25, 14.75]]
        )
        assert out['gt_bboxes_labels'].tolist() == [1]

    def test_same_size_keeps_the_picture(self) -> None:
        sample = make_sample()
        out = Resize(size=(48, 64))(sample)
        assert out['image'] is sample['image']
        np.testing.assert_array_equal(out['gt_bboxes'], sample['gt_bboxes'])

    def test_very_flat_picture_keeps_one_row(self) -> None:
        sample = {'image': np.zeros((1, 300, 3), np.uint8)}
        out = Resize(size=10, keep_ratio=True)(sample)
        assert out['image'].shape == (1, 10, 3)

    def test_bad_size(self) -> None:
        with pytest.raises(ValueError, match='size must be a positive'):
            Resize(size=(10, -1))


class TestRandomResize:
    @pytest.mark.parametrize('keep_ratio', [False, True])
    def test_each_size_is_that_of_resize(self, keep_ratio: bool) -> None:
        sizes = ((30, 40), 20, (50, 90))
        random = RandomResize(sizes=sizes, keep_ratio=keep_ratio)
        expected = {}
        for size in sizes:
            out = Resize(size=size, keep_ratio=keep_ratio)(make_sample())
            expected[out['img_shape']] = out
        seen = set()
        for seed in range(20):
            out = random(make_sample(seed))
            seen.add(out['img_shape'])
            like = expected[out['img_shape']]
            np.testing.assert_array_equal(out['image'], like['image'])
            np.testing.assert_array_equal(out['gt_bboxes'], like['gt_bboxes'])
        assert seen == set(expected)

    @pytest.mark.parametrize('sizes', [(), 32, ((3, 4, 5),), (0,)])
    def test_bad_sizes(self, sizes: Any) -> None:
        with pytest.raises(ValueError, match='sizes must be'):
            RandomResize(sizes=sizes)
