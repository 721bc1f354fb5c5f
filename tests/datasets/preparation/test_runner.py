import json
import os

import numpy as np
import pytest

from tests.datasets.preparation.media import (
    FAST,
    hand_frames,
    make_split,
    tone,
    write_annotations,
    write_sound,
    write_video,
)
from tests.datasets.preparation.plugin import (
    CONFIG,
    ReadingsPreparer,
    write_imu,
)
from trimodal.datasets.annotations import AnnotationError
from trimodal.datasets.packed import PackedReader
from trimodal.datasets.preparation import runner
from trimodal.datasets.preparation.plan import plan_jobs
from trimodal.datasets.preparation.runner import prepare_dataset
from trimodal.datasets.preparation.sample import (
    build_preparers,
    prepare_sample,
)


@pytest.fixture
def source(tmp_path):
    """Twenty samples to train on, three to test."""
    folder = tmp_path / 'in'
    make_split(folder / 'train', 20)
    make_split(folder / 'test', 3, 't')
    return folder


def assert_same(one, two):
    """Two readers give the same samples."""
    assert len(one) == len(two)
    for index in range(len(one)):
        assert one.annotation(index) == two.annotation(index)
        first, second = one.arrays(index), two.arrays(index)
        assert list(first) == list(second)
        for name, arrays in first.items():
            assert (arrays is None) == (second[name] is None)
            for key, array in (arrays or {}).items():
                np.testing.assert_array_equal(array, second[name][key])


def test_packed_files_hold_what_the_preparers_give(source, tmp_path):
    report = prepare_dataset(source, tmp_path / 'out', FAST, workers=0)
    assert list(report['files']) == ['test.h5', 'train.h5']
    assert report == json.loads((tmp_path / 'out/report.json').read_text())
    (train, _) = plan_jobs(source)
    preparers = build_preparers(FAST)
    reader = PackedReader(str(tmp_path / 'out/train.h5'))
    assert len(reader) == 20
    assert reader.metainfo == {'classes': ['no', 'yes']}
    assert reader.attributes['speech']['sample_rate'] == 8000
    assert reader.attributes['image']['encoding'] == 'raw'
    for index, sample in enumerate(train.samples):
        _, expected, _ = prepare_sample(sample, train.root, preparers)
        assert reader.annotation(index).id == sample.id
        assert reader.annotation(index).label == sample.label
        for modality, arrays in expected.items():
            np.testing.assert_array_equal(
                reader.arrays(index)[modality]['data'], arrays['data']
            )
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == [
        'report.json',
        'reports',
        'test.h5',
        'train.h5',
    ]


def test_bytes_do_not_depend_on_the_workers(source, tmp_path):
    contents = []
    for workers in (0, 1, 2):
        out = tmp_path / f'out{workers}'
        prepare_dataset(source, out, FAST, workers=workers)
        contents.append(
            [
                (out / name).read_bytes()
                for name in ('train.h5', 'test.h5', 'report.json')
            ]
        )
    assert contents[0] == contents[1] == contents[2]


@pytest.fixture
def counted(monkeypatch):
    """The ids that are prepared, in this process."""
    prepared = []
    real = runner.prepare_chunk

    def prepare_chunk(chunk, root, preparers):
        prepared.extend(sample.id for sample in chunk)
        return real(chunk, root, preparers)

    monkeypatch.setattr(runner, 'prepare_chunk', prepare_chunk)
    return prepared


def test_what_is_finished_is_not_done_again(source, tmp_path, counted):
    out = tmp_path / 'out'
    first = prepare_dataset(source, out, FAST, workers=0)
    stat = (out / 'train.h5').stat()
    counted.clear()
    assert prepare_dataset(source, out, FAST, workers=0) == first
    assert not counted
    assert (out / 'train.h5').stat().st_mtime_ns == stat.st_mtime_ns
    # One changed input: its file is made anew, the other is not.
    write_sound(source / 'test/speech/t01.wav', tone(0.3))
    prepare_dataset(source, out, FAST, workers=0)
    assert counted == ['t00', 't01', 't02']
    counted.clear()
    changed = {**FAST, 'speech': {**FAST['speech'], 'normalize': None}}
    prepare_dataset(source, out, changed, workers=0)
    assert len(counted) == 23


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C at the file named first in the list, once; then what is read."""
    read = ['']
    real = ReadingsPreparer.__call__

    def call(self, path, field, annotation):
        if path.name == read[0]:
            raise KeyboardInterrupt
        read.append(int(path.stem))
        return real(self, path, field, annotation)

    monkeypatch.setattr(ReadingsPreparer, '__call__', call)
    return read


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, interrupted):
    folder = tmp_path / 'in/train'
    texts = [str(i) for i in range(30)]
    write_annotations(folder, write_imu(folder, texts))
    interrupted[0] = '22.txt'
    out = tmp_path / 'out'
    config = {'imu': CONFIG}
    with pytest.raises(KeyboardInterrupt):
        prepare_dataset(tmp_path / 'in', out, config, workers=0)
    assert not list(out.glob('*.h5'))
    assert not (out / 'report.json').exists()
    assert interrupted == ['22.txt', *range(22)]
    interrupted[:] = ['']
    prepare_dataset(tmp_path / 'in', out, config, workers=0)
    # Five chunks of four were finished.
    assert interrupted == ['', *range(20, 30)]
    whole = tmp_path / 'whole'
    prepare_dataset(tmp_path / 'in', whole, config, workers=0)
    assert (out / 'train.h5').read_bytes() == (whole / 'train.h5').read_bytes()
    assert not (out / '.partial').exists()


def test_a_change_makes_finished_chunks_stale(tmp_path, interrupted):
    folder = tmp_path / 'in/train'
    texts = [str(i) for i in range(20)]
    write_annotations(folder, write_imu(folder, texts))
    interrupted[0] = '18.txt'
    out = tmp_path / 'out'
    config = {'imu': CONFIG}
    with pytest.raises(KeyboardInterrupt):
        prepare_dataset(tmp_path / 'in', out, config, workers=0)
    os.utime(folder / '3.txt', (1, 1))
    interrupted[:] = ['']
    prepare_dataset(tmp_path / 'in', out, config, workers=0)
    assert interrupted == ['', *range(20)]
    assert not (out / '.partial').exists()


def test_shards_read_as_one_file(source, tmp_path):
    one, four = tmp_path / 'one', tmp_path / 'four'
    prepare_dataset(source, one, FAST, workers=0)
    os.rename(source / 'test', tmp_path / 'test')  # three fill no four shards
    for index in (2, 0, 3, 1):
        prepare_dataset(
            source, four, FAST, workers=0, shards=4, shard_index=index
        )
    names = [f'train-0000{i}-of-00004.h5' for i in range(4)]
    assert sorted(path.name for path in four.glob('*.h5')) == names
    report = json.loads((four / 'report.json').read_text())
    assert list(report['files']) == names
    assert_same(
        PackedReader(str(four / 'train-*.h5')),
        PackedReader(str(one / 'train.h5')),
    )
    all_at_once = tmp_path / 'all'
    prepare_dataset(source, all_at_once, FAST, workers=0, shards=4)
    for name in names:
        assert (all_at_once / name).read_bytes() == (four / name).read_bytes()


def test_shards_are_alike_whatever_each_of_them_reads(tmp_path):
    """Only the first needs what the preparer fetches."""
    folder = tmp_path / 'in/train'
    samples = [*write_imu(folder, ['1']), {'id': 'b'}]
    write_annotations(folder, samples)
    out = tmp_path / 'out'
    config = {'imu': CONFIG}
    report = prepare_dataset(tmp_path / 'in', out, config, workers=0, shards=2)
    versions = [file['versions'] for file in report['files'].values()]
    assert versions[0] == versions[1]
    assert versions[0]['imu'] == '1.0'
    assert len(PackedReader(str(out / 'train-*.h5'))) == 2


def test_bad_files_become_absent_and_are_reported(source, tmp_path):
    (source / 'train/speech/s03.wav').write_bytes(b'RIFF')
    (source / 'train/images/s05.png').write_bytes(b'')
    write_sound(source / 'train/speech/s07.wav', np.zeros(400, np.float32))
    out = tmp_path / 'out'
    report = prepare_dataset(source, out, FAST, workers=0)
    train = report['files']['train.h5']
    assert train['modalities'] == {
        'speech': {'present': 18, 'missing': 0, 'empty': 1, 'unreadable': 1},
        'image': {'present': 19, 'missing': 0, 'empty': 0, 'unreadable': 1},
    }
    assert [(p['sample_id'], p['file']) for p in train['problems']] == [
        ('s03', 'speech/s03.wav'),
        ('s05', 'images/s05.png'),
        ('s07', 'speech/s07.wav'),
    ]
    reader = PackedReader(str(out / 'train.h5'))
    assert reader.arrays(3)['speech'] is None
    assert reader.arrays(3)['image'] is not None
    assert reader.arrays(5)['image'] is None


def test_bad_annotations_stop_it_before_any_work(source, tmp_path, counted):
    samples = make_split(source / 'train', 9)
    samples[2]['label'] = 7
    samples[4]['speech_path'] = 'speech/none.wav'
    path = write_annotations(source / 'train', samples, {'classes': ['a']})
    content = json.loads(path.read_text())
    out = tmp_path / 'out'
    with pytest.raises(AnnotationError, match=r'none\.wav'):
        prepare_dataset(source, out, FAST, workers=0)
    assert not counted
    assert not out.exists()
    report = prepare_dataset(source, out, FAST, workers=0, skip_bad=True)
    skipped = report['files']['train.h5']['skipped']
    assert ('train/s02', 'label') in [
        (fault['sample_id'], fault['field']) for fault in skipped
    ]
    bad = {fault['sample_id'] for fault in skipped}
    assert len(counted) == len(content['samples']) - len(bad) + 3


def test_one_folder_is_divided(tmp_path):
    make_split(tmp_path / 'in', 20)
    out = tmp_path / 'out'
    report = prepare_dataset(
        tmp_path / 'in',
        out,
        FAST,
        workers=0,
        ratios={'train': 0.7, 'test': 0.3},
    )
    sizes = {k: v['num_samples'] for k, v in report['files'].items()}
    assert sizes == {'train.h5': 14, 'test.h5': 6}
    labels = [
        PackedReader(str(out / 'test.h5')).annotation(i).label
        for i in range(6)
    ]
    assert sorted(labels) == [0, 0, 0, 1, 1, 1]


def test_a_fourth_modality_needs_no_edit(tmp_path):
    folder = tmp_path / 'in/train'
    samples = write_imu(folder, ['1 2', 'empty', '3'])
    write_annotations(folder, samples)
    out = tmp_path / 'out'
    config = {'imu': {**CONFIG, 'factor': 2.0}}
    report = prepare_dataset(tmp_path / 'in', out, config, workers=1)
    train = report['files']['train.h5']
    assert train['versions']['imu'] == '1.0'
    assert train['problems'][0]['reason'] == 'no movement'
    reader = PackedReader(str(out / 'train.h5'))
    assert reader.attributes['imu']['factor'] == 2.0
    np.testing.assert_array_equal(reader.arrays(0)['imu']['data'], [2, 4])
    assert reader.arrays(1)['imu'] is None


def test_hands_are_the_same_in_any_process(tmp_path, hand_model_file):
    folder = tmp_path / 'in/train'
    samples = []
    for index in range(9):
        frames = hand_frames(3)
        if index == 4:
            frames = [np.full_like(frame, 128) for frame in frames]
        write_video(folder / f'{index}.mp4', [f[:, ::-1] for f in frames])
        samples.append({'id': str(index), 'video_path': f'{index}.mp4'})
    write_annotations(folder, samples)
    config = {'gesture': {'type': 'GesturePreparer', 'num_hands': 1}}
    for workers in (0, 2):
        out = tmp_path / f'out{workers}'
        report = prepare_dataset(tmp_path / 'in', out, config, workers=workers)
    one, two = (tmp_path / f'out{n}/train.h5' for n in (0, 2))
    assert one.read_bytes() == two.read_bytes()
    train = report['files']['train.h5']
    assert train['modalities']['gesture']['empty'] == 1
    assert train['problems'][0]['reason'] == 'no hand in any frame'
    reader = PackedReader(str(two))
    assert reader.arrays(4)['gesture'] is None
    arrays = reader.arrays(0)['gesture']
    assert set(arrays) == {'data', 'score', 'valid'}
    assert arrays['valid'].tolist() == [[True, False]] * 3


def test_a_run_needs_configs(source, tmp_path):
    """What a ready object is made from can't be known again."""
    with pytest.raises(ValueError, match='must be plain configs'):
        prepare_dataset(source, tmp_path / 'out', {'imu': ReadingsPreparer()})


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ({'workers': -1}, 'workers'),
        ({'shards': 0}, 'shards'),
        ({'shards': 2, 'shard_index': 2}, r'shard_index must lie in 0\.\.1'),
        ({'shards': 4}, r"3 sample\(s\) of 'test' can not fill 4"),
    ],
)
def test_bad_arguments_are_refused(source, tmp_path, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        prepare_dataset(source, tmp_path / 'out', FAST, **arguments)
