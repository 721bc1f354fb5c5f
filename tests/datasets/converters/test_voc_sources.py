import re

import pytest
from PIL import Image

from tests.datasets.converters.voc import write_voc, xml_of
from trimodal.datasets.converters.files import ConversionError
from trimodal.datasets.converters.voc_sources import read_lists, read_picture


@pytest.fixture
def root(tmp_path):
    return write_voc(tmp_path / 'voc')


def write_xml(root, text, name='a'):
    (root / 'Annotations' / f'{name}.xml').write_text(text)


def test_a_picture(root):
    picture = read_picture(root, 'a')
    assert picture.path == root / 'JPEGImages' / 'a.jpg'
    assert picture.size == (40, 30)
    cell, dot = picture.objects
    assert (cell.number, cell.name, cell.difficult) == (1, 'cell', False)
    assert dot.corners == (5, 4, 40, 30)
    assert read_picture(root, 'c').objects == ()


@pytest.mark.parametrize('size', [(0, 0), None])
def test_a_size_that_is_not_told(root, size):
    write_xml(root, xml_of([], size))
    assert read_picture(root, 'a').size == (40, 30)


def test_a_picture_of_another_name(root):
    (root / 'JPEGImages' / 'a.jpg').rename(root / 'JPEGImages' / 'x.tif.jpg')
    write_xml(root, xml_of([], filename='/home/me/x.tif.jpg'))
    assert read_picture(root, 'a').path.name == 'x.tif.jpg'


def test_difficult(root):
    write_xml(root, xml_of([('dot', 1, 1, 2, 2)], difficult=1))
    assert read_picture(root, 'a').objects[0].difficult


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('<annotation>', r'a\.xml: malformed XML: '),
        (xml_of([('', 1, 1, 2, 2)]), r'a\.xml: object 1 has no name'),
        (
            xml_of([('dot', 1, 1, 2, 2), ('dot', 1, 1, '', 2)]),
            r"a\.xml: object 2 \(dot\): xmax must be a number, got ''",
        ),
        (
            xml_of([('dot', 'nan', 1, 2, 2)]),
            "xmin must be a number, got 'nan'",
        ),
        (xml_of([('dot', 1, 1, 2, 2)], difficult=7), 'must be 0 or 1, got'),
        (xml_of([], (30, 40)), r'a\.xml is about 30 x 40 .* has 40 x 30'),
    ],
)
def test_faults_name_the_file(root, text, message):
    write_xml(root, text)
    with pytest.raises(ConversionError, match=message):
        read_picture(root, 'a')


def test_missing_and_broken_files(root):
    with pytest.raises(ConversionError, match=r'none\.xml: No such file'):
        read_picture(root, 'none')
    (root / 'JPEGImages' / 'a.jpg').write_bytes(b'no picture')
    with pytest.raises(ConversionError, match=r'a\.jpg can not be read'):
        read_picture(root, 'a')
    (root / 'JPEGImages' / 'a.jpg').unlink()
    with pytest.raises(ConversionError, match=r'a\.xml: there is no picture'):
        read_picture(root, 'a')


def test_turned_picture(root):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', (30, 40)).save(root / 'JPEGImages' / 'a.jpg', exif=exif)
    assert read_picture(root, 'a').size == (40, 30)


def test_lists(root, tmp_path):
    assert read_lists([root]) == {
        'train': {'a': root, 'b': root},
        'val': {'c': root},
    }
    other = write_voc(tmp_path / 'other', {'d': []}, {'val': 'd', 'odd': 'd'})
    both = read_lists([root, other])
    assert both['val'] == {'c': root, 'd': other}
    assert read_lists([root, other], ['odd']) == {'odd': {'d': other}}


def test_faults_of_lists(root, tmp_path):
    with pytest.raises(ConversionError, match=r'no ImageSets/Main/test\.txt'):
        read_lists([root], ['train', 'test'])
    with pytest.raises(ConversionError, match='no list of train, val, test'):
        read_lists([tmp_path])
    with pytest.raises(ConversionError, match="has a picture 'a', too"):
        read_lists([root, write_voc(tmp_path / 'other')])
    path = root / 'ImageSets' / 'Main' / 'val.txt'
    path.write_text('c\na -1\n')
    with pytest.raises(ConversionError, match=re.escape(f'{path}, line 2')):
        read_lists([root])
    path.write_text('\n')
    with pytest.raises(ConversionError, match='names no picture'):
        read_lists([root])
