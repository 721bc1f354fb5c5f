import numpy as np
import pytest
from PIL import Image

from trimodal.visualization import plot_confusion_matrix


@pytest.mark.parametrize('classes', [1, 3, 60])
def test_plots(classes, tmp_path):
    matrix = np.eye(classes, dtype=int)
    names = [f'class {i}' for i in range(classes)]
    picture = plot_confusion_matrix(matrix, names, tmp_path / 'a.png')
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.std() > 0
    read = np.asarray(Image.open(tmp_path / 'a.png'))
    np.testing.assert_array_equal(read, picture)


def test_colour_is_the_share_of_the_true_class():
    one = plot_confusion_matrix(np.diag([1, 1]), ['', ''])
    many = plot_confusion_matrix(np.diag([1, 900]), ['', ''])
    # The middle of the first cell's left upper part is as dark in both.
    np.testing.assert_array_equal(one[40, 60], many[40, 60])


def test_refuses_names_that_do_not_fit():
    with pytest.raises(ValueError, match='got \\(2, 2\\) and 3 names'):
        plot_confusion_matrix(np.eye(2), ['a', 'b', 'c'])
