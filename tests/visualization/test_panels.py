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


def test_picture_begins_at_its_corner(axes):
    panels.draw_image(axes, np.zeros((20, 30, 3), np.uint8))
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 30), (20, 0))


def test_grey_is_grey(axes):
    panels.draw_image(axes, np.array([[[0], [255]]], np.uint8))
    image = axes.images[0]
    colors = image.cmap(image.norm(image.get_array()))[..., :3].reshape(2, 3)
    assert colors.tolist() == [[0, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize(
    'change',
    [lambda x: x, lambda x: x / 255, lambda x: (x - 127.5) / 58],
    ids=['bytes', 'shares', 'normalised'],
)
def test_floats_are_the_picture_they_were(change):
    """Channels first, as models take them."""
    picture = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    picture.ravel()[:2] = 0, 255
    floats = change(picture.transpose(2, 0, 1).astype(np.float32))
    found = panels.as_picture(floats)
    assert found.dtype == np.uint8
    # Not rounded.
    assert np.abs(found.astype(int) - picture).max() <= 1


def test_what_is_no_picture():
    for shape in ((3, 21, 3), (40, 16, 16), (24, 32, 3), (20, 20)):
        assert panels.as_picture(np.zeros(shape, np.float32)) is None
    assert panels.as_picture(np.zeros((4, 20, 20), np.uint8)) is None


def test_silence_is_dark(axes):
    panels.draw_log_mel(axes, np.zeros(4000, np.int16), 16000)
    image = axes.images[0]
    assert image.norm(image.get_array()).max() == pytest.approx(0)


def test_series(axes):
    panels.draw_series(axes, np.zeros((10, 2, 6)), rate=5)
    assert len(axes.lines) == 7
    assert axes.lines[0].get_xdata()[-1] == pytest.approx(1.8)
