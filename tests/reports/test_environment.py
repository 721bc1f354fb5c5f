import json
from pathlib import Path

from tests.reports.folders import write_folder
from trimodal.reports.environment import environment_tables
from trimodal.utils.run_info import collect_run_info


def write_info(root: Path, start: str, /, **info: object) -> None:
    path = root / start / 'run_info.json'
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(info))


def test_from_the_log(tmp_path: Path):
    """Not that of the process that writes the report."""
    (table,) = environment_tables(write_folder(tmp_path))
    assert table.rows == [
        ['sys.platform', 'linux'],
        ['PyTorch', '2.14.1'],
        ['seed', '7'],
    ]


def test_from_what_the_hook_wrote(tmp_path: Path):
    folder = write_folder(tmp_path)
    git = {'revision': 'abc', 'branch': 'main', 'dirty': True}
    write_info(folder, '20260101_000000', git=git | {'dirty': False}, seed=0)
    write_info(
        folder,
        '20260102_000000',
        host='here',
        seed=7,
        git=git,
        command=['python', 'a b.py'],
        devices=['cpu'],
        packages={'torch': '2.14.1'},
        project_git=None,
    )
    first, packages = environment_tables(folder)
    assert first.rows == [
        ['command', "python 'a b.py'"],
        ['git', 'abc (main), with changes'],
        ['seed', '7'],
        ['devices', 'cpu'],
        ['host', 'here'],
        ['project_git', 'none'],
        ['git of earlier starts', 'abc (main)'],
    ]
    assert packages.rows == [['torch', '2.14.1']]


def test_all_that_is_collected_can_be_shown(tmp_path: Path):
    write_info(tmp_path, 'a', **collect_run_info())
    first, packages = environment_tables(tmp_path)
    assert all(isinstance(cell, str) for row in first.rows for cell in row)
    assert 'torch' in dict(packages.rows)


def test_nothing_there(tmp_path: Path):
    assert environment_tables(tmp_path) == []
