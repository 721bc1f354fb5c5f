import matplotlib as mpl
import numpy as np
from PIL import Image

from trimodal.visualization.figure import house_style, new_figure, render, save


def test_render_and_save(tmp_path):
    picture = render(new_figure(2, 1, dpi=50))
    assert picture.dtype == np.uint8
    assert picture.shape == (50, 100, 3)
    assert (picture == 255).all()
    picture[0, 0] = (10, 20, 30)
    save(picture, tmp_path / 'deep' / 'a.png')
    read = np.asarray(Image.open(tmp_path / 'deep' / 'a.png'))
    np.testing.assert_array_equal(read, picture)


def test_style_leaves_no_trace():
    before = dict(mpl.rcParams)
    with house_style():
        assert mpl.rcParams['font.size'] == 9
    assert dict(mpl.rcParams) == before
