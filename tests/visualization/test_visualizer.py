import numpy as np
import pytest
from PIL import Image

from trimodal.registry import VISUALIZERS
from trimodal.structures import TriModalDataSample
from trimodal.visualization import TriModalVisualizer


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
    visualizer = TriModalVisualizer()
    out = tmp_path / 'deep' / 'a.png'
    visualizer.add_datasample('a', {}, data_sample(), out_file=out)
    assert out.exists()


def test_show_opens_a_window(monkeypatch):
    shown = []
    visualizer = TriModalVisualizer()
    monkeypatch.setattr(
        visualizer, 'show', lambda picture, **kw: shown.append(kw)
    )
    visualizer.add_datasample('a', {}, show=True, wait_time=2)
    assert shown == [{'win_name': 'a', 'wait_time': 2}]


def test_max_classes(tmp_path):
    with pytest.raises(ValueError, match='max_classes must be 1 or more'):
        TriModalVisualizer(max_classes=0)
