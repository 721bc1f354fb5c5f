import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from mmengine.structures import InstanceData

from trimodal.structures import TriModalDataSample
from trimodal.visualization import draw_sample, sample
from trimodal.visualization.figure import BLUE, FAINT, GREEN, INK, RED


@pytest.fixture
def drawn(monkeypatch) -> dict:
    """Keep the figure that is rendered."""
    kept: dict = {}

    def render(figure):
        kept['figure'] = figure
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(sample, 'render', render)
    return kept


def inputs() -> dict:
    return {
        'speech': np.zeros(4000, np.int16),
        'gesture': torch.rand(5, 2, 21, 3),
        'image': torch.zeros(3, 20, 30, dtype=torch.uint8),
    }


def data_sample() -> TriModalDataSample:
    made = TriModalDataSample(
        metainfo={'sample_id': 's1', 'present': ('speech', 'gesture', 'image')}
    )
    made.set_pred_score([0.1, 0.7, 0.2]).set_gt_label(1)
    made.modality_weights = torch.tensor([0.5, 0.3, 0.2])
    return made


def titles(figure) -> list[str]:
    return [axes.get_title(loc='left') for axes in figure.axes]


def headline(figure) -> tuple[str, str]:
    text = figure._suptitle
    return text.get_text(), text.get_color()


def test_picture():
    picture = draw_sample(inputs(), data_sample(), ['a', 'b', 'c'])
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert min(picture.shape[:2]) > 300
    assert picture.std() > 10


def test_panels_and_headline(drawn):
    draw_sample(inputs(), data_sample(), ['a', 'b', 'c'])
    assert titles(drawn['figure']) == [
        'image',
        'speech',
        '',
        'gesture',
        'scores',
        'modality weights',
    ]
    text, color = headline(drawn['figure'])
    assert text == 'predicted: b (0.700)     true: b'
    assert color == GREEN


def test_wrong_prediction_is_red(drawn):
    draw_sample(inputs(), data_sample().set_gt_label(0))
    assert headline(drawn['figure']) == (
        'predicted: 1 (0.700)     true: 0',
        RED,
    )


def test_switches(drawn):
    draw_sample(inputs(), data_sample(), draw_gt=False)
    assert headline(drawn['figure']) == ('predicted: 1 (0.700)', INK)
    draw_sample(inputs(), data_sample(), draw_pred=False)
    assert headline(drawn['figure']) == ('true: 1', INK)
    assert 'scores' not in titles(drawn['figure'])


def test_absent_and_unknown_modalities(drawn):
    draw_sample({'speech': None, 'imu': np.zeros((9, 6))})
    speech, imu = drawn['figure'].axes
    assert speech.texts[0].get_text() == 'absent'
    assert len(imu.lines) == 6


def test_nothing_at_all():
    assert draw_sample({}).ndim == 3


def test_rates_set_the_time_axis(drawn):
    draw_sample({'speech': np.zeros(800, np.int16)}, rates={'speech': 8000})
    assert drawn['figure'].axes[0].get_xlim() == (0, 0.1)


def test_boxes_have_their_own_class_names(drawn):
    made = data_sample()
    made.set_gt_instances(
        InstanceData(bboxes=torch.ones(1, 4), labels=torch.tensor([0]))
    )
    made.set_pred_instances(
        InstanceData(
            bboxes=torch.ones(1, 4),
            labels=torch.tensor([1]),
            scores=torch.tensor([0.5]),
        )
    )
    draw_sample(inputs(), made, 'abc', detection_classes=['cup', 'key'])
    texts = [t.get_text() for t in drawn['figure'].axes[0].texts]
    assert texts == ['cup', 'key 0.50']


def test_boxes_over_the_picture_on_disk(drawn):
    """Boxes are told in pixels of two pictures, and drawn over a third."""
    made = TriModalDataSample(
        metainfo={'ori_shape': (40, 60), 'img_shape': (10, 10)}
    )
    made.set_gt_instances(
        InstanceData(
            bboxes=torch.tensor([[0.0, 0, 5, 10]]), labels=torch.tensor([0])
        )
    )
    made.set_pred_instances(
        InstanceData(
            bboxes=torch.tensor([[0.0, 0, 30, 40], [0.0, 0, 9, 9]]),
            labels=torch.tensor([0, 0]),
            scores=torch.tensor([0.9, 0.1]),
        )
    )
    draw_sample(inputs(), made)
    true, found = drawn['figure'].axes[0].patches
    for box in (true, found):
        assert (box.get_width(), box.get_height()) == (15, 20)
    draw_sample(inputs(), made, min_score=0)
    assert len(drawn['figure'].axes[0].patches) == 3


def test_panels_of_values_and_texts(drawn):
    """Only for what does not fit into the line on top."""
    made = TriModalDataSample().set_pred_value(1.0).set_pred_text('short')
    draw_sample({}, made)
    assert titles(drawn['figure']) == []
    made.set_pred_value([1.0, 2.0]).set_gt_text('long ' * 20)
    draw_sample({}, made)
    assert titles(drawn['figure']) == ['values', 'text']
    draw_sample({}, made, draw_gt=False)
    assert titles(drawn['figure']) == ['values']


def test_several_classes(drawn):
    made = TriModalDataSample().set_gt_label([0, 3])
    made.set_pred_score([0.9, 0.2, 0.6, 0.4], threshold=0.5)
    draw_sample({}, made, 'abcd')
    (axes,) = drawn['figure'].axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ['a', 'c', 'd', 'b']
    colors = [bar.get_facecolor() for bar in axes.patches]
    expected = [to_rgba(c) for c in (GREEN, RED, GREEN, FAINT)]
    assert colors == expected
    # Two of whatever score, and nobody knows the truth.
    made = TriModalDataSample().set_pred_score([0.9, 0.2, 0.6])
    draw_sample({}, made.set_pred_label([2, 0]))
    colors = [bar.get_facecolor() for bar in drawn['figure'].axes[0].patches]
    assert colors == [to_rgba(c) for c in (BLUE, BLUE, FAINT)]


def test_boxes_without_their_picture(drawn):
    made = TriModalDataSample().set_gt_instances(
        InstanceData(bboxes=torch.ones(1, 4), labels=torch.tensor([0]))
    )
    draw_sample({'speech': np.zeros(800, np.int16), 'image': None}, made)
    assert titles(drawn['figure']) == ['speech', '', 'image']
    assert not any(axes.patches for axes in drawn['figure'].axes)


@pytest.mark.parametrize('share', [0.33, 0.75, 1.0])
def test_boxed_picture_fills_its_panel(share):
    """Next to no white below it."""
    made = TriModalDataSample().set_gt_instances(
        InstanceData(
            bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64)
        )
    )
    pixels = np.zeros((int(300 * share), 300, 3), np.uint8)
    picture = draw_sample({'image': pixels}, made)
    rows, columns = np.nonzero(picture.max(axis=2) < 10)
    black = (np.ptp(rows) + 1) / (np.ptp(columns) + 1)
    assert black == pytest.approx(share, abs=0.02)
    assert np.ptp(columns) > 0.9 * picture.shape[1] or share == 1


def test_one_modality_has_no_weights_to_show(drawn):
    made = TriModalDataSample()
    made.modality_weights = torch.ones(1)
    draw_sample({'image': np.zeros((9, 9, 3), np.uint8)}, made)
    assert titles(drawn['figure']) == ['image']
