import numpy as np
import pytest

from trimodal.datasets.converters.demo_picture import (
    OBJECTS,
    PICTURE_SIZE,
    Placed,
    draw_picture,
    draw_wall,
    object_box,
    place_objects,
    random_colour,
)

WALL = (200.0, 200.0, 200.0)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize('name', OBJECTS)
@pytest.mark.parametrize('degrees', [0.0, -25.0])
def test_the_box_is_that_of_the_drawn_pixels(name, degrees):
    placed = Placed(name, (52.0, 60.0), 24.0, degrees, (30.0, 60.0, 20.0))
    empty = draw_picture([], WALL, rng()).astype(int)
    drawn = draw_picture([placed], WALL, rng())
    changed = np.abs(drawn - empty).max(axis=-1) > 30
    rows = np.flatnonzero(changed.any(axis=1))
    columns = np.flatnonzero(changed.any(axis=0))
    seen = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    np.testing.assert_allclose(object_box(placed), seen, atol=1.5)


def test_boxes_lie_inside_and_apart():
    counts = set()
    for seed in range(300):
        name = OBJECTS[seed % 4]
        objects = place_objects(name, 0.3 + 0.3 * seed / 300, rng(seed))
        boxes = np.array([object_box(placed) for placed in objects])
        counts.add(len(boxes))
        assert all(placed.name == name for placed in objects)
        assert (boxes >= 0).all()
        assert (boxes <= PICTURE_SIZE).all()
        assert (boxes[:, 2:] - boxes[:, :2] > 4).all()
        if len(boxes) == 2:
            first, second = boxes
            overlap = np.minimum(first[2:], second[2:]) - np.maximum(
                first[:2], second[:2]
            )
            assert (overlap <= 0).any()
    assert counts == {1, 2}


def test_a_picture_is_seeded():
    objects = place_objects('cup', 0.5, rng())
    picture = draw_picture(objects, WALL, rng(1))
    assert picture.shape == (PICTURE_SIZE, PICTURE_SIZE, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, draw_picture(objects, WALL, rng(1)))
    assert (picture != draw_picture(objects, WALL, rng(2))).any()


def test_objects_have_their_colour():
    ball = Placed('ball', (56.0, 56.0), 30.0, 0.0, (180.0, 20.0, 60.0))
    picture = draw_picture([ball], WALL, rng())
    below = picture[76:80, 52:60].mean(axis=(0, 1))  # the plain part
    np.testing.assert_allclose(below, [162, 18, 54], atol=6)


def test_a_wall_is_lit_unevenly():
    wall = draw_wall(64, WALL, rng())
    assert wall.shape == (64, 64, 3)
    assert wall.dtype == np.float32
    assert abs(wall.mean() - 200) < 5
    assert 5 < np.ptp(wall) < 150


def test_random_colour_has_the_brightness_and_saturation():
    for seed in range(20):
        colour = np.array(random_colour(rng(seed), 0.5, 0.8))
        assert colour.max() == pytest.approx(204, abs=0.1)
        assert colour.min() == pytest.approx(102, abs=0.1)
