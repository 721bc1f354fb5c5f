import numpy as np
import pytest

from tests.datasets.converters.sources import write_packed, write_pictures
from trimodal.datasets import PackedTriModalDataset
from trimodal.datasets.converters import RecastOptions, convert_tridigits_reg
from trimodal.datasets.converters.tridigits_sources import read_pictures


@pytest.fixture(scope='module')
def converted(tmp_path_factory):
    folder = tmp_path_factory.mktemp('reg')
    write_pictures(folder / 'mnist')
    packed = write_packed(folder / 'packed')
    options = RecastOptions(train=300, val=10, test=10)
    convert_tridigits_reg(packed, folder / 'mnist', folder / 'out', options)
    return folder


def test_target_is_the_sum_of_what_is_said_and_written(converted):
    dataset = PackedTriModalDataset(str(converted / 'out' / 'train.h5'))
    written = read_pictures(converted / 'mnist', 'train')
    for index in range(0, 300, 7):
        sample = dataset[index]
        number = int(sample['metadata']['picture'].split()[1])
        said = int(sample['speech'][0])
        assert sample['gt_value'] == [said + written.digits[number]]
        np.testing.assert_array_equal(
            sample['image'][..., 0], written.pixels[number]
        )
        assert 'gt_label' not in sample
        assert 'gt_bboxes' not in sample


def test_neither_tells_the_other(converted):
    dataset = PackedTriModalDataset(str(converted / 'out' / 'train.h5'))
    pairs = np.array(
        [
            [d['metadata']['spoken'], d['metadata']['written']]
            for d in map(dataset.__getitem__, range(300))
        ]
    )
    # Three standard deviations of what independent digits give.
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 3 / np.sqrt(300)
    assert {*pairs[:, 1]} == {*range(10)}
