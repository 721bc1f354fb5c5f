import numpy as np

from trimodal.visualization.answers import draw_texts, draw_values
from trimodal.visualization.figure import new_figure


def written(draw, *arguments, **more) -> list[str]:
    axes = new_figure(3, 3).add_subplot()
    draw(axes, *arguments, **more)
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_values():
    values = np.array([1.25, 2.0, 3.0], np.float32)
    truth = np.array([1.0, np.nan, 30000.0], np.float32)
    assert written(draw_values, values, truth, most=2) == [
        'predicted',
        'true',
        *('0', '1.25', '1'),
        *('1', '2', '–'),
        'and 1 more',
    ]
    assert written(draw_values, values[:1], None) == ['predicted', '0', '1.25']
    assert written(draw_values, None, truth[:1]) == ['true', '0', '1']


def test_texts():
    words = 'one two three four five six seven eight nine'
    assert written(draw_texts, words, '') == [
        'predicted',
        'one two three four five six seven eight',
        'nine',
        'true',
        '(nothing)',
    ]
    assert written(draw_texts, None, 'one') == ['true', 'one']
