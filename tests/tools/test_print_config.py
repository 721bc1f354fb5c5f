"""tools/print_config.py gives a config that is the same."""

import os
import subprocess
import sys
from pathlib import Path

from mmengine.config import Config

from tests.engine.toy import write_config
from tests.tools.launching import TOOLS, failure_of, run_tool


def test_output_is_the_same_config(tmp_path: Path, monkeypatch, capsys):
    path = write_config(tmp_path)
    run_tool(monkeypatch, 'print_config', path)
    whole = tmp_path / 'whole.py'
    whole.write_text(capsys.readouterr().out)
    ours, theirs = Config.fromfile(str(whole)), Config.fromfile(path)
    assert ours.to_dict() == theirs.to_dict()
    assert '_base_' not in whole.read_text()


def test_options_and_file(tmp_path: Path, monkeypatch, capsys):
    path, whole = write_config(tmp_path), tmp_path / 'whole.py'
    options = ('--cfg-options', 'train_cfg.max_epochs=9')
    run_tool(monkeypatch, 'print_config', path, *options, '--save-path', whole)
    assert capsys.readouterr().out == ''
    assert Config.fromfile(str(whole)).train_cfg.max_epochs == 9


def test_errors(tmp_path: Path, monkeypatch):
    line = failure_of(monkeypatch, 'print_config', 'none.py')
    assert line == 'error: config file none.py does not exist'
    options = ('--cfg-options', 'modle.x=1')
    path = write_config(tmp_path)
    line = failure_of(monkeypatch, 'print_config', path, *options)
    assert 'did you mean model' in line


def test_exit_status_without_waiting_for_torch(repo_root: Path):
    """A real process: status 1, one line on stderr, nothing on stdout."""
    code = (
        'import runpy, sys; sys.argv = ["p", "none.py"]\n'
        'try:\n'
        f'    runpy.run_path({str(TOOLS / "print_config.py")!r},'
        ' run_name="__main__")\n'
        'finally:\n'
        '    assert "torch" not in sys.modules\n'
    )
    environment = {**os.environ, 'PYTHONPATH': str(repo_root)}
    result = subprocess.run(
        [sys.executable, '-c', code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout == ''
    expected = 'error: config file none.py does not exist\n'
    assert result.stderr == expected
