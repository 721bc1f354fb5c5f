import numpy as np
import pytest

from trimodal.datasets.converters import tridigits_canvas as canvas


def blobs(count: int) -> list[np.ndarray]:
    """Rectangles of different sizes and brightness in 28 x 28."""
    pictures = []
    for number in range(count):
        pixels = np.zeros((28, 28), np.uint8)
        pixels[4:24, 10 - number : 16 + number] = 130 + 20 * number
        pictures.append(pixels)
    return pictures


@pytest.mark.parametrize('count', [1, 3, 6])
def test_boxes_are_tight_around_each_ones_ink(count):
    picture, boxes = canvas.compose(blobs(count), np.random.default_rng(3))
    assert picture.shape == (96, 96)
    assert boxes.dtype == np.float32
    left = picture.copy()
    for number, (x1, y1, x2, y2) in enumerate(boxes.astype(int)):
        ink = picture[y1:y2, x1:x2]
        # Each place shows the digit that was asked for in this order.
        assert ink.max() == 130 + 20 * number
        inked = ink >= canvas.INK
        assert inked.any(axis=0)[[0, -1]].all()
        assert inked.any(axis=1)[[0, -1]].all()
        left[y1:y2, x1:x2] = 0
    assert not left.any()


def test_boxes_keep_their_distance():
    rng = np.random.default_rng(0)
    for _ in range(50):
        _, boxes = canvas.compose(blobs(5), rng)
        assert boxes.min() >= 0
        assert boxes.max() <= 96
        for number, box in enumerate(boxes):
            rest = np.delete(boxes, number, axis=0)
            apart = np.maximum(box[:2] - rest[:, 2:], rest[:, :2] - box[2:])
            assert (apart.max(axis=1) >= canvas.GAP).all()


def test_sizes_are_drawn_from_the_range():
    rng = np.random.default_rng(0)
    heights = [
        canvas.compose(blobs(1), rng)[1][0] @ [0, -1, 0, 1] for _ in range(200)
    ]
    assert 15 <= min(heights) < 18
    assert 28 < max(heights) <= 31


def test_what_is_hardly_seen_still_has_a_box():
    pixels = np.zeros((28, 28), np.uint8)
    pixels[10, 10] = 60
    _, boxes = canvas.compose([pixels], np.random.default_rng(0))
    assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_the_generator_decides():
    first, second, other = (
        canvas.compose(blobs(4), np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (first[0] != other[0]).any()
