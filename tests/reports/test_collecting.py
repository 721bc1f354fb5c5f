from pathlib import Path

import pytest

from tests.reports.folders import write_folder
from tests.visualization.runs import train, write
from trimodal.reports import collect_report


def test_everything_is_in_it(tmp_path: Path):
    report = collect_report(write_folder(tmp_path / 'seed0'))
    assert report.title.endswith('/seed0')
    assert [section.title for section in report.sections] == [
        'Results',
        'Curves',
        'Metrics by epoch',
        'Run',
        'Environment',
        'Checkpoints',
        'Config',
    ]
    assert len(report.sections[0].parts) == 3  # best, test, subsets
    assert len(report.pictures()) == 3


def test_what_is_not_there_is_left_out(tmp_path: Path):
    write(tmp_path, 'a', [train(1, 5, 1.0)])
    titles = [section.title for section in collect_report(tmp_path).sections]
    assert titles == ['Curves', 'Metrics by epoch', 'Run']


def test_nothing_there(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r'no scalars\.json'):
        collect_report(tmp_path)
    with pytest.raises(FileNotFoundError, match='there is no folder'):
        collect_report(tmp_path / 'none')
