import random
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import (
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
    pseudo_collate,
)
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from tests.datasets.packed.samples import (
    METAINFO,
    MODALITIES,
    make_annotation,
    make_arrays,
)
from trimodal.datasets import PackedTriModalDataset
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.packed import PackedWriter
from trimodal.registry import DATASETS


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / 'train.h5'
    with PackedWriter(path, MODALITIES, METAINFO, {}) as writer:
        for i in range(12):
            writer.append(make_annotation(i), make_arrays(i))
    return str(path)


def chance(info: dict) -> list[float]:
    """What own and other people's transforms would draw."""
    drawn = [info['rng'].random(), random.random(), np.random.rand()]
    return [float(info['sample_idx']), *drawn, torch.rand(()).item()]


def batches(dataset: PackedTriModalDataset, **options) -> DataLoader:
    return DataLoader(
        dataset, batch_size=2, collate_fn=pseudo_collate, **options
    )


def drawn_by(loader: DataLoader) -> list[list[float]]:
    # pseudo_collate gives a list for each place in a sample.
    return [
        [float(part[k]) for part in batch]
        for batch in loader
        for k in range(len(batch[0]))
    ]


def test_every_sample(path: str):
    dataset = PackedTriModalDataset(path)
    for i in range(12):
        info, expected = dataset[i], make_arrays(i)
        assert info['sample_id'] == f'sample_{i:03d}'
        for name, arrays in expected.items():
            if arrays is None:
                assert info[name] is None
                continue
            assert info[name].dtype == arrays['data'].dtype
            np.testing.assert_array_equal(info[name], arrays['data'])
        assert ('gesture_score' in info) == (expected['gesture'] is not None)
        assert 'gesture_valid' not in info
        assert ('img_shape' in info) == (expected['image'] is not None)


def test_constants(path: str):
    info = PackedTriModalDataset(path)[0]
    assert info['speech_sample_rate'] == 16000
    assert info['gesture_fps'] == 30.0
    assert info['modalities'] == ('speech', 'gesture', 'image')
    assert info['ori_shape'] == (6, 4)
    assert 'image_encoding' not in info


def test_annotation(path: str):
    info = PackedTriModalDataset(path, modalities=['speech'])[9]
    expected = make_annotation(9)
    assert info['modalities'] == ('speech',)
    assert 'image' not in info
    assert info['group'] == expected.group
    assert info['gt_label'] == expected.label
    assert info['gt_value'].dtype == np.float32
    np.testing.assert_allclose(info['gt_value'], expected.target)
    assert info['gt_bboxes'].shape == (0, 4)
    assert 'gt_text' not in info


def test_views_are_read_only(path: str):
    with pytest.raises(ValueError, match='read-only'):
        PackedTriModalDataset(path)[0]['speech'][0] = 1


def test_build_from_a_config(path: str):
    dataset = DATASETS.build(
        dict(
            type='PackedTriModalDataset',
            ann_file=Path(path).name,
            data_root=str(Path(path).parent),
            pipeline=[dict(type='PackInputs')],
            filter_cfg=dict(require=('speech', 'label'), min_modalities=3),
        )
    )
    kept = [i for i in range(12) if i % 5 in (0, 4) and i % 6 != 5]
    ids = [packed['data_samples'].sample_id for packed in dataset]
    assert ids == [f'sample_{i:03d}' for i in kept]
    assert dataset.metainfo['classes'] == ('zero', 'one', 'two')
    assert dataset.metainfo['detection_classes'] == ('cup',)


def test_shards(path: str, tmp_path: Path):
    for k in range(3):
        name = tmp_path / f'part-{k:05d}-of-00003.h5'
        with PackedWriter(name, MODALITIES, METAINFO, {}) as writer:
            for i in range(4 * k, 4 * k + 4):
                writer.append(make_annotation(i), make_arrays(i))
    whole = PackedTriModalDataset(path)
    parts = PackedTriModalDataset('part-*.h5', data_root=str(tmp_path))
    assert len(parts) == 12
    for one, two in zip(whole, parts, strict=True):
        assert one['rng'].random() == two['rng'].random()
        assert one['sample_id'] == two['sample_id']
        np.testing.assert_array_equal(one['gesture'], two['gesture'])


def test_jpeg_is_decoded(tmp_path: Path):
    picture = np.full((8, 16, 3), (200, 30, 60), np.uint8)
    encoded = cv2.imencode('.jpg', picture[..., ::-1])[1].ravel()
    streams = {'image': {'encoding': 'jpeg'}}
    with PackedWriter(tmp_path / 'a.h5', streams, {}, {}) as writer:
        for i, arrays in enumerate([{'data': encoded}, None]):
            writer.append(SampleAnnotation(id=str(i)), {'image': arrays})
    dataset = PackedTriModalDataset(str(tmp_path / 'a.h5'))
    assert np.abs(dataset[0]['image'].astype(int) - picture).max() <= 2
    assert dataset[0]['img_shape'] == (8, 16)
    assert dataset[1]['image'] is None


@pytest.mark.parametrize('workers', [1, 2])
def test_chance_is_the_same_for_any_number_of_workers(path: str, workers: int):
    dataset = PackedTriModalDataset(path, pipeline=[chance])
    alone = {row[0]: row[1] for row in drawn_by(batches(dataset))}
    loader = batches(dataset, num_workers=workers, shuffle=True)
    assert {row[0]: row[1] for row in drawn_by(loader)} == alone


def test_globals_of_workers_are_seeded_for_each_sample(path: str):
    dataset = PackedTriModalDataset(path, pipeline=[chance])
    rows = [
        sorted(drawn_by(batches(dataset, num_workers=workers, shuffle=True)))
        for workers in (1, 2)
    ]
    assert rows[0] == rows[1]
    # No two samples, and no two generators, give the same number.
    assert len({value for row in rows[0] for value in row[1:]}) == 12 * 4


@pytest.fixture
def persistent(path: str) -> DataLoader:
    dataset = PackedTriModalDataset(path, pipeline=[chance])
    return batches(dataset, num_workers=2, persistent_workers=True)


def test_workers_that_go_on_see_the_next_epoch(persistent: DataLoader):
    first = drawn_by(persistent)
    persistent.dataset.set_epoch(1)
    second = drawn_by(persistent)
    persistent.dataset.set_epoch(0)
    assert drawn_by(persistent) == first
    assert all(a[1] != b[1] for a, b in zip(first, second, strict=True))


def test_spawned_workers(path: str):
    dataset = PackedTriModalDataset(path, pipeline=[chance], indices=6)
    expected = drawn_by(batches(dataset, num_workers=1))
    loader = batches(
        dataset,
        num_workers=1,
        multiprocessing_context='spawn',
        persistent_workers=True,
    )
    assert drawn_by(loader) == expected
    dataset.set_epoch(3)
    later = drawn_by(loader)
    assert all(a[1] != b[1] for a, b in zip(expected, later, strict=True))


def test_wrappers_of_mmengine(path: str):
    dataset = PackedTriModalDataset(path, filter_cfg=dict(require=('label',)))
    joined = ConcatDataset([dataset, dataset.get_subset(3)])
    assert len(joined) == 13
    assert joined[10]['sample_id'] == 'sample_000'
    assert joined.metainfo == dataset.metainfo
    assert len(RepeatDataset(dataset, times=2)) == 20
    balanced = ClassBalancedDataset(dataset, oversample_thr=0.9)
    assert len(balanced) > 10


def test_loader_that_a_runner_builds(path: str):
    loader = Runner.build_dataloader(
        dict(
            batch_size=4,
            num_workers=1,
            persistent_workers=True,
            sampler=dict(type='ClassBalancedSampler'),
            dataset=dict(
                type='PackedTriModalDataset',
                ann_file=path,
                pipeline=[dict(type='PackInputs')],
                filter_cfg=dict(require=('label',)),
            ),
        ),
        seed=0,
    )
    batches = [*loader]
    assert [len(batch['data_samples']) for batch in batches] == [4, 4, 2]
    labels = [
        sample.gt_label.item()
        for batch in batches
        for sample in batch['data_samples']
    ]
    assert sorted(np.bincount(labels)) == [3, 3, 4]
