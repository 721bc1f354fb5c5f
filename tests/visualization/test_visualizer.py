import numpy as np
import pytest
from PIL import Image

from trimodal.registry import VISUALIZERS
from trimodal.structures import TriModalDataSample
from trimodal.visualization import TriModalVisualizer, visualizer


def data_sample() -> TriModalDataSample:
    return TriModalDataSample().set_pred_score([0.2, 0.8])


def test_to_backends(tmp_path):
    visualizer = VISUALIZERS.build(
        {
            'type': 'TriModalVisualizer',
            'name': 'test_to_backends',
            'vis_backends': [{'type': 'LocalVisBackend'}],
            'save_dir': str(tmp_path),
        }
    )
    visualizer.dataset_meta = {'classes': ['zero', 'one']}
    inputs = {'speech': np.zeros(800, np.int16)}
    picture = visualizer.add_datasample('a', inputs, data_sample(), step=3)
    path = tmp_path / 'vis_data' / 'vis_image' / 'a_3.png'
    np.testing.assert_array_equal(np.asarray(Image.open(path)), picture)
    assert visualizer.get_image().shape == picture.shape


def test_to_a_file(tmp_path):
    painter = TriModalVisualizer()
    out = tmp_path / 'deep' / 'a.png'
    painter.add_datasample('a', {}, data_sample(), out_file=out)
    assert out.exists()


def test_show_opens_a_window(monkeypatch):
    shown = []
    visualizer = TriModalVisualizer()
    monkeypatch.setattr(
        visualizer, 'show', lambda picture, **kw: shown.append(kw)
    )
    visualizer.add_datasample('a', {}, show=True, wait_time=2)
    assert shown == [{'win_name': 'a', 'wait_time': 2}]


def test_which_boxes(monkeypatch):
    kept = {}
    monkeypatch.setattr(
        visualizer, 'draw_sample', lambda *_, **given: kept.update(given)
    )
    TriModalVisualizer(min_score=0.5, max_boxes=3).draw({})
    assert (kept['min_score'], kept['max_boxes']) == (0.5, 3)


@pytest.mark.parametrize(
    ('name', 'value', 'allowed'),
    [
        ('max_classes', 0, '1 or more'),
        ('max_boxes', 0, '1 or more'),
        ('min_score', 30, 'in 0 to 1'),
    ],
)
def test_refuses(name, value, allowed):
    message = f'{name} must be {allowed}, got {value}'
    with pytest.raises(ValueError, match=message):
        TriModalVisualizer(**{name: value})
