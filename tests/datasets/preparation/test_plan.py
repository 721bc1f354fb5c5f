import logging
import os

import pytest

from tests.datasets.preparation.media import FAST, make_split
from tests.datasets.preparation.media import write_annotations as annotate
from trimodal.datasets.annotations import AnnotationError
from trimodal.datasets.preparation.plan import plan_jobs
from trimodal.datasets.preparation.sample import build_preparers


def ids(job):
    return [sample.id for sample in job.samples]


def test_sub_folders_are_splits(tmp_path):
    for name in ('val', 'extra', 'train'):
        annotate(tmp_path / name, [{'id': name}], {'classes': ['a']})
    (tmp_path / 'media').mkdir()
    jobs = plan_jobs(tmp_path)
    assert [job.name for job in jobs] == ['train', 'val', 'extra']
    assert jobs[0].source == 'train/annotations.json'
    assert jobs[0].root == tmp_path / 'train'
    assert jobs[0].metainfo == {'classes': ['a']}
    assert ids(jobs[1]) == ['val']


def test_one_file_is_divided(tmp_path):
    annotate(tmp_path, [{'id': f'{i:02d}'} for i in range(20)])
    ratios = {'a': 0.75, 'b': 0.25}
    first = plan_jobs(tmp_path, ratios=ratios, seed=1)
    assert [(job.name, len(job.samples)) for job in first] == [
        ('a', 15),
        ('b', 5),
    ]
    assert sorted(ids(first[0]) + ids(first[1])) == [
        f'{i:02d}' for i in range(20)
    ]
    second = plan_jobs(tmp_path, ratios=ratios, seed=1)
    assert ids(first[0]) == ids(second[0])
    other = plan_jobs(tmp_path, ratios=ratios, seed=2)
    assert ids(first[0]) != ids(other[0])


def test_an_input_without_annotations_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='any sub-folder'):
        plan_jobs(tmp_path)
    with pytest.raises(FileNotFoundError, match='split ratios divide'):
        plan_jobs(tmp_path, ratios={'train': 1.0})
    annotate(tmp_path, [{'id': 'a'}])
    with pytest.raises(FileNotFoundError, match='give split ratios'):
        plan_jobs(tmp_path)


def test_faults_of_all_splits_come_at_once(tmp_path):
    annotate(tmp_path / 'train', [{'id': 'a', 'label': -1}, {'id': 'b'}])
    annotate(tmp_path / 'val', [{'id': 'b'}, {'id': 'c', 'x_path': 'no'}])
    (tmp_path / 'test').mkdir()
    (tmp_path / 'test/annotations.json').write_text('{')
    with pytest.raises(AnnotationError) as info:
        plan_jobs(tmp_path)
    assert [(f.sample_id, f.field) for f in info.value.faults] == [
        ('train/a', 'label'),
        ('val/c', 'x_path'),
        ('val/b', 'id'),
        ('test/', 'file'),
    ]
    assert "is in split 'train' too" in str(info.value)
    # Samples can be skipped, a file can not.
    with pytest.raises(AnnotationError):
        plan_jobs(tmp_path, skip_bad=True)


def test_bad_samples_can_be_skipped(tmp_path):
    annotate(tmp_path / 'train', [{'id': 'a', 'label': -1}, {'id': 'b'}])
    annotate(tmp_path / 'val', [{'id': 'b'}, {'id': 'c'}])
    train, val = plan_jobs(tmp_path, skip_bad=True)
    assert (ids(train), ids(val)) == (['b'], ['c'])
    assert [f.field for f in train.skipped] == ['label']
    assert [f.sample_id for f in val.skipped] == ['val/b']


def test_a_split_of_nothing_is_refused(tmp_path):
    annotate(tmp_path / 'train', [{'id': 'a', 'label': -1}])
    with pytest.raises(ValueError, match="no good sample for 'train'"):
        plan_jobs(tmp_path, skip_bad=True)


def test_media_that_are_not_used_need_not_exist(tmp_path):
    annotate(tmp_path / 'train', [{'id': 'a', 'imu_path': 'no'}])
    assert plan_jobs(tmp_path, media_fields={'speech_path'})
    with pytest.raises(AnnotationError):
        plan_jobs(tmp_path, media_fields={'imu_path'})


def test_a_group_in_two_splits_is_warned_of(tmp_path, caplog):
    annotate(tmp_path / 'train', [{'id': 'a', 'group': 'g'}])
    annotate(tmp_path / 'val', [{'id': 'b', 'group': 'g'}, {'id': 'c'}])
    with caplog.at_level(logging.WARNING):
        plan_jobs(tmp_path)
    (message,) = caplog.messages
    assert "group 'g' is in train and in val" in message


def test_shards_are_consecutive_parts(tmp_path):
    annotate(tmp_path / 'train', [{'id': str(i)} for i in range(10)])
    (job,) = plan_jobs(tmp_path)
    shards = [job.shard(index, 4) for index in range(4)]
    assert [shard.name for shard in shards] == [
        f'train-0000{i}-of-00004' for i in range(4)
    ]
    assert [len(shard.samples) for shard in shards] == [2, 3, 2, 3]
    assert [i for shard in shards for i in ids(shard)] == ids(job)


def fingerprint(folder, settings=None, **config):
    preparers = build_preparers({**FAST, **config})
    (job,) = plan_jobs(folder)
    return job.fingerprint(preparers.values(), settings or {})


def test_the_fingerprint_follows_what_counts(tmp_path):
    make_split(tmp_path / 'train', 3)
    first = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == first
    assert fingerprint(tmp_path, {'a': 1}) != first
    # A file that is not read makes no difference; one that is does.
    (tmp_path / 'train/other.wav').write_bytes(b'x')
    picture = tmp_path / 'train/images/s01.png'
    os.utime(picture, (1, 1))
    second = fingerprint(tmp_path)
    assert second != first
    assert fingerprint(tmp_path, image=None) == fingerprint(
        tmp_path, image=None
    )
    without = fingerprint(tmp_path, image=None)
    os.utime(picture, (2, 2))
    assert fingerprint(tmp_path, image=None) == without
    make_split(tmp_path / 'train', 2)
    assert fingerprint(tmp_path, image=None) != without


def test_fields_are_those_that_samples_have(tmp_path):
    make_split(tmp_path / 'train', 1)
    (job,) = plan_jobs(tmp_path)
    gesture = {'gesture': {'type': 'GesturePreparer'}}
    preparers = build_preparers({**FAST, **gesture}).values()
    assert job.fields(preparers) == {'speech_path', 'image_path'}
