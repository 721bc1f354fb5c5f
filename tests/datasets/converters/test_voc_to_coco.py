import json

import pytest
from pycocotools.coco import COCO

from tests.datasets.converters.voc import BOXES, write_voc, xml_of
from trimodal.datasets.converters import (
    ConversionError,
    VocOptions,
    convert_voc_to_coco,
)


@pytest.fixture
def root(tmp_path):
    return write_voc(tmp_path / 'voc')


def read(out, split='train'):
    return json.loads((out / 'annotations' / f'{split}.json').read_text())


def test_whole(root, tmp_path):
    out = tmp_path / 'out'
    report = convert_voc_to_coco([root], out)
    assert report.counts == {
        'train': {'pictures': 2, 'boxes': 3},
        'val': {'pictures': 1, 'boxes': 0},
    }
    assert not report.mended
    content = read(out)
    assert content['categories'] == [
        {'id': 1, 'name': 'cell'},
        {'id': 2, 'name': 'dot'},
    ]
    assert content['images'][1] == {
        **{'id': 2, 'file_name': 'b.jpg', 'width': 40, 'height': 30}
    }
    # Ten columns and eight rows of pixels, the first of each included.
    assert content['annotations'][0] == {
        **{'id': 1, 'image_id': 1, 'category_id': 1, 'iscrowd': 0},
        **{'bbox': [0, 0, 10, 8], 'area': 80, 'ignore': 0},
    }
    assert content['annotations'][1]['bbox'] == [4, 3, 36, 27]
    assert read(out, 'val')['images'][0]['id'] == 3
    assert (out / 'images' / 'c.jpg').is_file()


def test_pycocotools_reads_it(root, tmp_path, capsys):
    convert_voc_to_coco([root], tmp_path / 'out')
    api = COCO(tmp_path / 'out' / 'annotations' / 'train.json')
    assert len(api.getAnnIds(catIds=api.getCatIds(['dot']))) == 2


def test_edges(root, tmp_path):
    options = VocOptions(convention='edges')
    convert_voc_to_coco([root], tmp_path / 'out', options)
    assert read(tmp_path / 'out')['annotations'][0]['bbox'] == [1, 1, 9, 7]


def test_bad_boxes_are_told_and_dropped_or_cut(tmp_path):
    boxes = [
        ('dot', 7, 7, 7, 7),
        ('dot', 9, 5, 3, 8),
        ('dot', 41, 3, 50, 8),
        ('dot', 0, 3, 41, 31),
        ('dot', 2, 3, 10, 30),
    ]
    root = write_voc(tmp_path / 'voc', {'a': boxes}, {'train': 'a'})
    report = convert_voc_to_coco([root], tmp_path / 'out')
    xml = root / 'Annotations' / 'a.xml'
    assert report.mended == [
        f'{xml}: object 1 (dot) [7, 7, 7, 7] is degenerate: dropped',
        f'{xml}: object 2 (dot) [9, 5, 3, 8] is degenerate: dropped',
        f'{xml}: object 3 (dot) [41, 3, 50, 8] lies outside of 40 x 30 '
        'pixels: dropped',
        f'{xml}: object 4 (dot) [0, 3, 41, 31] reaches beyond 40 x 30 '
        'pixels: cut',
    ]
    bboxes = [a['bbox'] for a in read(tmp_path / 'out')['annotations']]
    assert bboxes == [[0, 2, 40, 28], [1, 2, 9, 28]]
    kept = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert kept['mended'] == report.mended


def test_a_picture_in_two_lists_is_told_of_once(tmp_path):
    boxes = {'a': [('dot', 7, 7, 7, 7)]}
    root = write_voc(tmp_path / 'voc', boxes, {'all': 'a', 'train': 'a'})
    options = VocOptions(splits=('all', 'train'))
    report = convert_voc_to_coco([root], tmp_path / 'out', options)
    assert len(report.mended) == 1
    assert set(report.counts) == {'all', 'train'}


def test_difficult_is_not_counted(root, tmp_path):
    text = xml_of([('dot', 1, 1, 2, 2)], difficult=1)
    (root / 'Annotations' / 'a.xml').write_text(text)
    convert_voc_to_coco([root], tmp_path / 'out')
    first = read(tmp_path / 'out')['annotations'][0]
    assert (first['iscrowd'], first['ignore']) == (1, 1)


def test_given_classes(root, tmp_path):
    options = VocOptions(classes=('dot', 'cell', 'none'))
    convert_voc_to_coco([root], tmp_path / 'out', options)
    content = read(tmp_path / 'out')
    assert [c['name'] for c in content['categories']] == [*options.classes]
    assert content['annotations'][0]['category_id'] == 2
    with pytest.raises(
        ConversionError, match=r"a\.xml: object 1 is a 'cell', none of"
    ):
        convert_voc_to_coco([root], tmp_path, VocOptions(classes=('dot',)))


def test_goes_on_and_refuses_another_conversion(root, tmp_path):
    out = tmp_path / 'out'
    convert_voc_to_coco([root], out)
    before = (out / 'annotations' / 'train.json').read_bytes()
    (out / 'images' / 'a.jpg').unlink()
    convert_voc_to_coco([root], out)
    assert (out / 'images' / 'a.jpg').is_file()
    assert (out / 'annotations' / 'train.json').read_bytes() == before
    with pytest.raises(ConversionError, match="convention was 'voc', now"):
        convert_voc_to_coco([root], out, VocOptions(convention='edges'))


def test_several_sources(root, tmp_path):
    other = write_voc(tmp_path / 'more', {'d': BOXES['a']}, {'train': 'd'})
    report = convert_voc_to_coco([root, other], tmp_path / 'out')
    assert report.counts['train'] == {'pictures': 3, 'boxes': 5}


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'convention': 'coco'}, "convention must be one of .*, got 'coco'"),
        ({'classes': ('a', 'a')}, 'classes has a name twice'),
        ({'splits': ('a', 'a')}, 'splits has a name twice'),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        VocOptions(**arguments)
