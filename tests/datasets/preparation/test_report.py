import json
from pathlib import Path

import pytest

from tests.datasets.preparation.plugin import ReadingsPreparer
from trimodal.datasets.annotations import Fault, SampleAnnotation
from trimodal.datasets.preparation import report
from trimodal.datasets.preparation.base import Problem
from trimodal.datasets.preparation.chunks import PreparedSample
from trimodal.datasets.preparation.plan import Job


def sample(name, arrays, problem=None):
    problems = [Problem(name, *problem)] if problem else []
    return PreparedSample(SampleAnnotation(name), arrays, problems)


def summary():
    job = Job(
        'train',
        'train/annotations.json',
        {},
        Path(),
        [SampleAnnotation(name) for name in 'abcd'],
        [Fault('train/e', 'label', 9, 'too large')],
    )
    counts = report.JobReport(job, {'imu': ReadingsPreparer()}, {'imu': '1.0'})
    counts.add(sample('a', {'imu': {'data': 1}}))
    counts.add(sample('b', {'imu': None}))
    counts.add(sample('c', {'imu': None}, ('imu', 'c', 'empty', 'still')))
    counts.add(sample('d', {'imu': None}, ('imu', 'd', 'unreadable', 'x')))
    return counts.summary()


def test_every_sample_is_counted_once():
    result = summary()
    assert result['num_samples'] == 4
    assert result['modalities'] == {
        'imu': {'present': 1, 'missing': 1, 'empty': 1, 'unreadable': 1}
    }
    assert [problem['file'] for problem in result['problems']] == ['c', 'd']
    assert result['problems'][0]['reason'] == 'still'
    assert result['skipped'] == [
        {
            'sample_id': 'train/e',
            'field': 'label',
            'value': 9,
            'reason': 'too large',
        }
    ]
    assert list(report.describe(result)) == [
        'imu: 1 present, 1 missing, 1 empty, 1 unreadable',
        '1 fault(s) in skipped samples',
    ]


@pytest.fixture
def output(tmp_path):
    (tmp_path / 'train.h5').write_bytes(b'12345')
    report.write_report(tmp_path, 'train', 'f1', summary())
    return tmp_path


def test_finished_means_whole_and_of_the_same_things(output):
    assert report.is_finished(output, 'train', 'f1')
    assert not report.is_finished(output, 'train', 'f2')
    assert not report.is_finished(output, 'val', 'f1')
    (output / 'train.h5').write_bytes(b'123')
    assert not report.is_finished(output, 'train', 'f1')
    (output / 'train.h5').unlink()
    assert not report.is_finished(output, 'train', 'f1')


def test_a_damaged_report_means_unfinished(output):
    (output / 'reports/train.json').write_text('{')
    assert not report.is_finished(output, 'train', 'f1')


def test_the_report_has_every_finished_file(output):
    (output / 'val.h5').write_bytes(b'1')
    report.write_report(output, 'val', 'f3', summary())
    report.write_report(output, 'val', 'f4', summary())
    (output / 'test.h5').write_bytes(b'1')
    report.write_report(output, 'test', 'f5', summary())
    (output / 'test.h5').unlink()
    collected = report.collect_reports(output)
    assert list(collected['files']) == ['train.h5', 'val.h5']
    assert collected['files']['val.h5']['fingerprint'] == 'f4'
    text = (output / 'report.json').read_text(encoding='utf-8')
    assert json.loads(text) == collected


def test_a_file_finished_meanwhile_is_not_lost(output, monkeypatch):
    write = report._write
    late = iter(['val'])

    def write_and_meet_another(path, content):
        write(path, content)
        for name in late:
            (output / f'{name}.h5').write_bytes(b'1')
            write(output / 'reports/val.json', {'late': True})

    monkeypatch.setattr(report, '_write', write_and_meet_another)
    assert list(report.collect_reports(output)['files']) == [
        'train.h5',
        'val.h5',
    ]
