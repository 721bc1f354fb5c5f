import json

import numpy as np
import pytest

from trimodal.datasets.packed.format import FIELDS, Field, dump_json, scalars


def test_text_is_stored_as_utf8():
    rows = Field('id', 'text').encode('grüß')
    assert rows.dtype == np.uint8
    assert rows.tobytes() == b'gr\xc3\xbc\xc3\x9f'


def test_arrays_get_the_stored_type_and_shape():
    boxes = Field('bboxes', 'array', '<f4', (4,)).encode(np.zeros((0, 4)))
    assert boxes.dtype == np.float32
    assert boxes.shape == (0, 4)
    target = Field('target', 'array', '<f8').encode((0.5, 2))
    assert target.tolist() == [0.5, 2.0]


@pytest.mark.parametrize('value', [None, {}])
def test_nothing_is_stored_for_nothing(value):
    assert Field('metadata', 'json').encode(value) is None


def test_field_names_are_those_of_the_annotation():
    names = [field.name for field in FIELDS]
    assert names == [
        *('id', 'group', 'transcription', 'target', 'bboxes'),
        *('bbox_labels', 'bbox_scores', 'bbox_crowds', 'ori_shape'),
        *('media', 'metadata'),
    ]


def test_json_is_the_same_for_the_same_content():
    one = {'b': np.float32(0.5), 'a': np.arange(2), 'c': (1, 'ü')}
    text = dump_json(one)
    assert text == dump_json(dict(reversed(one.items())))
    assert json.loads(text) == {'a': [0, 1], 'b': 0.5, 'c': [1, 'ü']}


def test_json_refuses_objects():
    with pytest.raises(TypeError, match='cannot be stored as JSON'):
        dump_json({'a': object()})


@pytest.mark.parametrize('shift', [0, 1, 3])
def test_scalars_of_unaligned_arrays(shift: int):
    values = np.array([5, -7, 1 << 40])
    raw = b'x' * shift + values.tobytes()
    array = np.frombuffer(raw, np.int64, 3, shift)
    assert [*scalars(array)] == values.tolist()


def test_scalars_of_other_arrays():
    assert [*scalars(np.array([True, False]))] == [True, False]
    assert [*scalars(np.array([1, 2], '>i8'))] == [1, 2]
    assert len(scalars(np.zeros(0, np.int64))) == 0
