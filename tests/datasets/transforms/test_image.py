from typing import Any

import numpy as np
import pytest
import torch
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional as F

from tests.datasets.transforms.samples import make_sample, smooth_image
from trimodal.datasets.transforms import RandomFlip, RandomRotate


def tensors(sample: dict[str, Any]) -> tuple[Any, Any]:
    """Picture and boxes as torchvision takes them."""
    image = torch.from_numpy(sample['image'].copy()).permute(2, 0, 1)
    boxes = tv_tensors.BoundingBoxes(
        sample['gt_bboxes'].copy(),
        format='XYXY',
        canvas_size=sample['img_shape'],
    )
    return image, boxes


class TestRandomFlip:
    def test_equals_torchvision(self) -> None:
        sample = make_sample()
        image, boxes = tensors(sample)
        out = RandomFlip(prob=1.0)(sample)
        expected = F.horizontal_flip(image).permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(out['image'], expected)
        np.testing.assert_array_equal(
            out['gt_bboxes'], F.horizontal_flip(boxes).numpy()
        )
        assert out['gt_bboxes_labels'].tolist() == [2, 0, 1]
        assert out['img_shape'] == (48, 64)

    def test_upside_down_equals_torchvision(self) -> None:
        sample = make_sample()
        image, boxes = tensors(sample)
        out = RandomFlip(prob=1.0, direction='vertical')(sample)
        expected = F.vertical_flip(image).permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(out['image'], expected)
        np.testing.assert_array_equal(
            out['gt_bboxes'], F.vertical_flip(boxes).numpy()
        )

    def test_bad_direction(self) -> None:
        with pytest.raises(ValueError, match='direction must be one of'):
            RandomFlip(direction='diagonal')

    def test_box_and_content_move_together(self) -> None:
        image = np.zeros((10, 12, 3), np.uint8)
        image[2:5, 1:4] = 255
        sample = {'image': image, 'gt_bboxes': np.array([[1, 2, 4, 5]])}
        out = RandomFlip(prob=1.0)(sample)
        x1, y1, x2, y2 = out['gt_bboxes'][0].astype(int)
        assert (out['image'][y1:y2, x1:x2] == 255).all()
        assert (out['image'] == 255).sum() == (image == 255).sum()


class TestRandomRotate:
    @pytest.mark.parametrize('seed', range(6))
    def test_equals_torchvision(self, seed: int) -> None:
        sample = make_sample(seed)
        image, boxes = tensors(sample)
        out = RandomRotate(angle=60)(sample)
        angle = np.random.default_rng(seed).uniform(-60, 60)
        expected = F.rotate(
            image, angle, interpolation=F.InterpolationMode.BILINEAR
        )
        inside = F.rotate(
            torch.full_like(image, 255),
            angle,
            interpolation=F.InterpolationMode.BILINEAR,
        )
        # Where the border mixes in, the two libraries weigh it differently.
        inner = (inside == 255).permute(1, 2, 0).numpy()
        difference = np.abs(
            out['image'].astype(int) - expected.permute(1, 2, 0).numpy()
        )
        assert inner.mean() > 0.4
        assert difference[inner].max() <= 3
        turned = F.clamp_bounding_boxes(F.rotate(boxes, angle)).numpy()
        kept = (turned[:, 2:] - turned[:, :2] >= 1).all(axis=1)
        np.testing.assert_allclose(out['gt_bboxes'], turned[kept], atol=1e-3)
        np.testing.assert_array_equal(
            out['gt_bboxes_labels'], sample['gt_bboxes_labels'][kept]
        )

    def test_boxes_around_content(self) -> None:
        """A turned bright rectangle lies inside its turned box, tightly."""
        image = np.zeros((80, 80, 3), np.uint8)
        image[20:50, 30:60] = 255
        sample = {
            'image': image,
            'gt_bboxes': np.array([[30, 20, 60, 50]]),
            'rng': np.random.default_rng(0),
        }
        out = RandomRotate(angle=25)(sample)
        rows, columns = np.nonzero(out['image'][..., 0] > 60)
        content = [
            columns.min(),
            rows.min(),
            columns.max() + 1,
            rows.max() + 1,
        ]
        np.testing.assert_allclose(out['gt_bboxes'][0], content, atol=1.2)

    def test_fill(self) -> None:
        sample = {
            'image': smooth_image(40, 40),
            'rng': np.random.default_rng(0),
        }
        out = RandomRotate(angle=45, fill=77)(sample)['image']
        assert (out[[0, 0, -1, -1], [0, -1, 0, -1]] == 77).all()
        assert (out[10:30, 10:30] != 77).any()

    @pytest.mark.parametrize(
        ('name', 'value'),
        [('angle', -1), ('fill', 256), ('fill', 0.5), ('prob', 2)],
    )
    def test_bad_arguments(self, name: str, value: Any) -> None:
        with pytest.raises(ValueError, match=f'{name} must be'):
            RandomRotate(**{name: value})
