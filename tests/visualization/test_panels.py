import numpy as np
import pytest
from matplotlib.colors import to_hex

from trimodal.visualization import panels
from trimodal.visualization.figure import BLUE, GREEN, RED, new_figure


@pytest.fixture
def axes():
    return new_figure(4, 3).subplots()


def test_waveform_is_over_seconds(axes):
    panels.draw_waveform(axes, np.full(8000, 16384, np.int16), 16000)
    line = axes.lines[0]
    assert line.get_xdata()[-1] == pytest.approx(0.5, abs=1e-3)
    np.testing.assert_allclose(line.get_ydata(), 0.5)


@pytest.mark.parametrize('samples', [0, 1, 100, 16000])
def test_log_mel_of_any_length(axes, samples):
    panels.draw_waveform(axes, np.zeros(samples, np.float32), 16000)
    panels.draw_log_mel(axes, np.zeros(samples, np.float32), 16000)
    assert axes.images


def test_log_mel_shows_the_pitch(axes):
    time = np.arange(16000) / 16000
    wave = np.sin(2 * np.pi * 1000 * time).astype(np.float32)
    panels.draw_log_mel(axes, wave, 16000)
    row = axes.images[0].get_array().mean(axis=1).argmax()
    mel = 2595 * np.log10(1 + np.array([1000, 8000]) / 700)
    assert row == pytest.approx(41 * mel[0] / mel[1] - 1, abs=1)


def bars(axes) -> list[tuple[str, str]]:
    names = [t.get_text() for t in axes.get_yticklabels()]
    return [
        (name, to_hex(patch.get_facecolor()))
        for name, patch in zip(names, axes.patches, strict=True)
    ]


def test_scores_are_sorted_and_coloured(axes):
    scores = np.array([0.1, 0.6, 0.3])
    panels.draw_scores(axes, scores, 'abc', target=2)
    assert bars(axes)[:2] == [('b', RED), ('c', GREEN)]
    assert axes.patches[0].get_width() == 0.6


def test_right_scores_are_green_and_unknown_ones_blue(axes):
    panels.draw_scores(axes, np.array([0.1, 0.9]), 'ab', target=1)
    assert bars(axes)[0] == ('b', GREEN)
    axes.clear()
    panels.draw_scores(axes, np.array([0.1, 0.9]), 'ab')
    assert bars(axes)[0] == ('b', BLUE)


def test_true_class_is_always_among_the_bars(axes):
    scores = np.linspace(1, 0, 6)
    panels.draw_scores(axes, scores, 'abcdef', target=5, most=3)
    assert [name for name, _ in bars(axes)] == ['a', 'b', 'f']


def test_true_class_with_a_single_bar(axes):
    panels.draw_scores(axes, np.array([1.0, 0.0]), 'ab', target=1, most=1)
    assert bars(axes) == [('b', GREEN)]


def test_weights_say_what_is_absent(axes):
    panels.draw_weights(
        axes, ('speech', 'imu'), np.array([1.0, 0.0]), present=('speech',)
    )
    assert [t.get_text() for t in axes.texts] == ['1.00', 'absent']


def test_boxes(axes):
    panels.draw_boxes(axes, np.array([[1, 2, 5, 8]]), ['cup 0.90'])
    (box,) = axes.patches
    assert box.get_bbox().bounds == (1, 2, 4, 6)
    assert axes.texts[0].get_text() == 'cup 0.90'


def test_series(axes):
    panels.draw_series(axes, np.zeros((10, 2, 6)), rate=5)
    assert len(axes.lines) == 7
    assert axes.lines[0].get_xdata()[-1] == pytest.approx(1.8)
