from typing import Any

import numpy as np
import pytest
from torchvision.ops import box_iou
from torchvision.transforms.v2 import functional as F

from tests.datasets.transforms.samples import make_sample
from tests.datasets.transforms.test_image import tensors
from trimodal.datasets.transforms import RandomIoUCrop
from trimodal.datasets.transforms.cropping import centred_in, overlaps


class TestRandomIoUCrop:
    @pytest.mark.parametrize('seed', range(8))
    def test_equals_torchvision(self, seed: int) -> None:
        sample = make_sample(seed)
        image, boxes = tensors(sample)
        crop = RandomIoUCrop(min_overlaps=(0.1,), prob=1.0)
        out = crop(sample)
        x, y, w, h = crop.draw(
            64, 48, sample['gt_bboxes'], np.random.default_rng(seed)
        )
        expected = F.crop(image, y, x, h, w).permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(out['image'], expected)
        moved = F.clamp_bounding_boxes(F.crop(boxes, y, x, h, w)).numpy()
        centres = (boxes.numpy()[:, :2] + boxes.numpy()[:, 2:]) / 2
        kept = ((centres > [x, y]) & (centres < [x + w, y + h])).all(1)
        np.testing.assert_allclose(out['gt_bboxes'], moved[kept])
        for name in ('gt_bboxes_labels', 'gt_bboxes_scores'):
            np.testing.assert_array_equal(out[name], sample[name][kept])
        assert out['img_shape'] == (h, w)
        assert out['ori_shape'] == (96, 128)

    def test_draws_keep_to_scale_ratio_and_overlap(self) -> None:
        boxes = np.array([[20, 30, 80, 90], [150, 10, 190, 60]], float)
        crop = RandomIoUCrop((0.3,), scale=(0.3, 0.8), ratio=(0.5, 1.5))
        rng = np.random.default_rng(0)
        parts = [crop.draw(200, 160, boxes, rng) for _ in range(300)]
        whole = (0, 0, 200, 160)
        assert 0 < parts.count(whole) < 200
        for part in parts:
            x, y, w, h = part
            if part == whole:
                continue
            assert 0 <= x <= x + w <= 200
            assert 0 <= y <= y + h <= 160
            assert 0.29 < w / 200 <= 0.8
            assert 0.29 < h / 160 <= 0.8
            assert 0.5 <= w / h <= 1.5
            kept = boxes[centred_in(boxes, part)]
            assert overlaps(kept, part).max() >= 0.3

    def test_what_cannot_be_leaves_the_picture_whole(self) -> None:
        crop = RandomIoUCrop((1.0,), trials=5, prob=1.0)
        sample = make_sample()
        out = crop(sample)
        assert out['image'] is sample['image']
        np.testing.assert_array_equal(out['gt_bboxes'], sample['gt_bboxes'])

    @pytest.mark.parametrize('boxes', [None, np.zeros((0, 4), np.float32)])
    def test_without_boxes_any_part_will(self, boxes: Any) -> None:
        sample = {**make_sample(), 'gt_bboxes': boxes}
        sample['gt_bboxes_labels'] = sample['gt_bboxes_scores'] = None
        out = RandomIoUCrop((0.9,), scale=(0.3, 0.5), prob=1.0)(sample)
        assert out['image'].size < sample['image'].size
        assert boxes is None or out['gt_bboxes'].shape == (0, 4)

    @pytest.mark.parametrize(
        ('name', 'value'),
        [
            ('min_overlaps', ()),
            ('min_overlaps', (0.5, 2)),
            ('scale', (0, 1)),
            ('ratio', (2, 1)),
            ('trials', 0),
            ('prob', 2),
        ],
    )
    def test_bad_arguments(self, name: str, value: Any) -> None:
        with pytest.raises(ValueError, match=f'{name} must be'):
            RandomIoUCrop(**{name: value})


def test_overlaps_equal_torchvision() -> None:
    sample = make_sample()
    _, boxes = tensors(sample)
    part = boxes.new_tensor([[10, 5, 40, 35]])
    np.testing.assert_allclose(
        overlaps(sample['gt_bboxes'], (10, 5, 30, 30)),
        box_iou(boxes, part).numpy()[:, 0],
        rtol=1e-6,
    )
