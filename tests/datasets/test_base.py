import pickle
import random
from typing import Any

import numpy as np
import pytest
import torch

from trimodal.datasets.base import TriModalDataset
from trimodal.datasets.seeding import RepeatedIndex, SampleSeed


class ToySource:
    """Six samples of speech; odd ones have no label."""

    metainfo = {'classes': ['a', 'b', 'c']}
    preparation: dict[str, Any] = {'modalities': {'speech': {'type': 'S'}}}
    attributes = {'speech': {'sample_rate': 8000, 'encoding': 'raw'}}

    def __len__(self) -> int:
        return 6

    def labels(self) -> np.ndarray:
        return np.array([0, -1, 2, -1, 1, -1])

    def has(self, name: str) -> np.ndarray:
        return self.labels() >= 0 if name == 'label' else np.ones(6, bool)

    def fields(self, i: int) -> dict[str, Any]:
        label = self.labels()[i].item()
        boxes = {'bbox_labels': np.array([2, 0, 2])} if i == 3 else {}
        return {'id': f's{i}'} | ({'label': label} if label >= 0 else boxes)

    def read(self, i: int):
        return self.fields(i), {'speech': {'data': np.full(4, i, np.int16)}}


class ToyDataset(TriModalDataset):
    opened = 0

    def open_source(self) -> ToySource:
        self.opened += 1
        return ToySource()


def draw(info: dict) -> float:
    return info['rng'].random()


def test_data_info():
    info = ToyDataset('x').get_data_info(2)
    assert isinstance(info.pop('rng'), np.random.Generator)
    assert info.pop('speech').tolist() == [2, 2, 2, 2]
    assert info == {
        **{'sample_id': 's2', 'sample_idx': 2, 'group': None},
        **{'modalities': ('speech',), 'speech_sample_rate': 8000},
        'gt_label': 2,
    }
    assert 'gt_label' not in ToyDataset('x').get_data_info(1)


def test_indices_from_the_end_and_beyond():
    dataset = ToyDataset('x')
    assert dataset[-1]['sample_idx'] == 5
    assert dataset[np.int64(3)]['sample_id'] == 's3'
    for i in (6, -7):
        with pytest.raises(IndexError, match=f'sample {i} of 6'):
            dataset[i]
    assert [info['sample_idx'] for info in dataset] == [*range(6)]


def test_metainfo():
    dataset = ToyDataset('x', metainfo=dict(classes=('x', 'y', 'z'), extra=1))
    assert dataset.metainfo == {
        'classes': ('x', 'y', 'z'),
        'extra': 1,
        'preparation': {'speech': {'type': 'S'}},
    }
    assert ToyDataset('x').metainfo['classes'] == ('a', 'b', 'c')
    with pytest.raises(ValueError, match='has 2 names'):
        ToyDataset('x', metainfo=dict(classes=['x', 'y']))


def test_rng_depends_on_seed_epoch_and_index_only():
    dataset = ToyDataset('x', seed=3)
    expected = SampleSeed(3, 0, 4).generator().random()
    assert draw(dataset.get_data_info(4)) == expected
    assert draw(dataset.get_data_info(-2)) == expected
    assert draw(dataset.get_data_info(5)) != expected
    dataset.set_epoch(2)
    later = draw(dataset.get_data_info(4))
    assert later == SampleSeed(3, 2, 4).generator().random()
    dataset.set_epoch(0)
    assert draw(dataset.get_data_info(4)) == expected


def test_a_repeated_index_gets_other_numbers():
    dataset = ToyDataset('x')
    drawn = {
        draw(dataset.get_data_info(RepeatedIndex.of(1, k))) for k in range(3)
    }
    assert len(drawn) == 3
    assert draw(dataset.get_data_info(1)) in drawn


def test_pipeline():
    def double(info: dict) -> dict:
        return {**info, 'speech': info['speech'] * 2}

    pipeline = [double, dict(type='PackInputs')]
    packed = ToyDataset('x', pipeline=pipeline)[3]
    assert packed['inputs']['speech'].tolist() == [6, 6, 6, 6]
    assert packed['data_samples'].sample_id == 's3'


def test_pipeline_that_gives_nothing():
    dataset = ToyDataset('x', pipeline=[lambda info: None])
    with pytest.raises(ValueError, match='gave None for sample 1 of x'):
        dataset[1]


def test_main_process_keeps_its_global_generators():
    states = random.getstate(), torch.get_rng_state()
    numpy_state = np.random.get_state()[1].copy()
    dataset = ToyDataset('x', pipeline=[lambda info: info])
    for i in range(6):
        dataset[i]
    assert random.getstate() == states[0]
    assert torch.equal(torch.get_rng_state(), states[1])
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)


def test_filter_then_indices():
    filter_cfg = dict(require=('label',))
    dataset = ToyDataset('x', filter_cfg=filter_cfg)
    assert [info['sample_id'] for info in dataset] == ['s0', 's2', 's4']
    assert dataset[1]['sample_idx'] == 1
    assert dataset.gt_labels().tolist() == [0, 2, 1]
    dataset = ToyDataset('x', filter_cfg=filter_cfg, indices=-2)
    assert [info['sample_id'] for info in dataset] == ['s2', 's4']
    with pytest.raises(ValueError, match='requires'):
        ToyDataset('x', filter_cfg=dict(require=('imu',)))


def test_subset_is_apart():
    dataset = ToyDataset('x')
    dataset.set_epoch(1)
    subset = dataset.get_subset([4, 0])
    assert [info['sample_id'] for info in subset] == ['s4', 's0']
    assert len(dataset) == 6
    assert draw(subset.get_data_info(0)) == draw(dataset.get_data_info(0))
    subset.set_epoch(2)
    assert draw(subset.get_data_info(0)) != draw(dataset.get_data_info(0))
    subset.get_subset_(1)
    assert [info['sample_id'] for info in subset] == ['s4']
    assert subset.get_cat_ids(0) == [1]


def test_cat_ids():
    dataset = ToyDataset('x')
    assert dataset.get_cat_ids(4) == [1]
    assert dataset.get_cat_ids(3) == [0, 2]
    assert dataset.get_cat_ids(1) == []
    assert dataset.gt_labels().tolist() == [0, -1, 2, -1, 1, -1]


def test_values():
    class Source(ToySource):
        def fields(self, i: int) -> dict[str, Any]:
            target = {'target': np.array([i, -i])} if i % 2 else {}
            return super().fields(i) | target

    class Dataset(ToyDataset):
        def open_source(self) -> ToySource:
            return Source()

    values = Dataset('x', indices=[3, 0, 1]).gt_values()
    np.testing.assert_array_equal(values, [[3, -3], [np.nan] * 2, [1, -1]])
    assert values.dtype == np.float64
    assert ToyDataset('x').gt_values().shape == (6, 0)


def test_lazy_init_opens_once():
    dataset = ToyDataset('x', lazy_init=True, indices=4)
    assert dataset.opened == 0
    assert len(dataset) == 4
    assert dataset[3]['sample_id'] == 's3'
    assert dataset.opened == 1


def test_pickles():
    dataset = pickle.loads(pickle.dumps(ToyDataset('x', indices=[5])))
    assert dataset[0]['sample_id'] == 's5'


def test_data_root():
    dataset = ToyDataset('x.h5', data_root='data', lazy_init=True)
    assert dataset.ann_file == 'data/x.h5'
    dataset = ToyDataset(['a', '/b'], data_root='data/', lazy_init=True)
    assert dataset.ann_file == ['data/a', '/b']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(ann_file=''), "ann_file must name a file, got ''"),
        (dict(ann_file='x', modalities='speech'), "modalities .* 'speech'"),
        (dict(ann_file='x', modalities=()), r'modalities .* \(\)'),
        (dict(ann_file='x', seed=-1), 'seed must be in .* got -1'),
    ],
)
def test_refuses(arguments: dict, message: str):
    with pytest.raises(ValueError, match=message):
        ToyDataset(**arguments)
