import numpy as np

from trimodal.reports.parts import Picture, Report, Section, Text, shown


def test_pictures_in_order():
    a, b = (Picture(n, n, np.zeros((1, 1, 3), np.uint8)) for n in 'ab')
    sections = [Section('one', [Text('x'), a]), Section('two', [b])]
    assert [p.title for p in Report('r', sections).pictures()] == ['a', 'b']


def test_shown():
    assert shown('text') == 'text'
    assert shown(3) == '3'
    assert shown(-0.25) == '-0.2500'
    assert shown(float('inf')) == '–'
