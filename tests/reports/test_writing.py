from pathlib import Path

import pytest
from PIL import Image

from tests.reports.folders import write_folder
from tests.tools.launching import failure_of, run_tool
from trimodal.reports import write_report

TOOL = 'analysis_tools/report'  # report.py


def test_write(tmp_path: Path):
    folder = write_folder(tmp_path)
    paths = write_report(folder)
    assert paths == [folder / 'report.md', folder / 'report.html']
    assert '](report.png)' in paths[0].read_text('utf-8')
    width, height = Image.open(folder / 'report.png').size
    assert (width, height) == (1260, 270)  # three panels in a row
    assert not list(folder.glob('*.part'))


def test_formats_and_folder(tmp_path: Path):
    folder, out = write_folder(tmp_path / 'run'), tmp_path / 'out'
    assert write_report(folder, ['html'], out) == [out / 'report.html']
    assert [file.name for file in out.iterdir()] == ['report.html']
    for wrong in (['pdf'], 'html'):
        with pytest.raises(ValueError, match="of \\['md', 'html'\\], got"):
            write_report(folder, wrong)


def test_tool(tmp_path: Path, monkeypatch, capsys):
    folder, out = write_folder(tmp_path / 'run'), tmp_path / 'out'
    run_tool(monkeypatch, TOOL, folder, '--out', out, '--formats', 'html')
    assert f'Report: {out / "report.html"}' in capsys.readouterr().out
    run_tool(monkeypatch, TOOL, folder)
    assert (folder / 'report.md').exists()


def test_tool_says_what_is_wrong(tmp_path: Path, monkeypatch, capsys):
    assert 'no scalars.json in' in failure_of(monkeypatch, TOOL, tmp_path)
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, 'a', 'b', '--out', tmp_path)
    assert 'give one WORK_DIR' in capsys.readouterr().err
