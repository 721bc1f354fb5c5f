"""tools/analysis_tools/model_summary.py as a user calls it."""

from pathlib import Path

import pytest

from tests.engine.tiny_fusion import write_fusion
from tests.tools.launching import failure_of, run_tool

TOOL = 'analysis_tools/model_summary'


def test_a_table_is_printed(tmp_path: Path, monkeypatch, capsys):
    config = write_fusion(tmp_path, 'tiny')
    options = ('--depth', 1, '--cfg-options', 'model.fusion.out_channels=8')
    run_tool(monkeypatch, TOOL, config, '--shape', 'a=4', 'b=4', *options)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ['(model)', 'TriModalFusionModel']
    assert lines[-1].endswith(' FLOPs')
    assert len(lines) == 6


def test_mistakes(tmp_path: Path, monkeypatch, capsys):
    config = write_fusion(tmp_path, 'tiny')
    failure = failure_of(monkeypatch, TOOL, config, '--shape', 'a=5')
    assert '--shape does not fit' in failure
    for wrong in ('a', 'a=', '=4', 'a=4,x', 'a=0'):
        with pytest.raises(SystemExit):
            run_tool(monkeypatch, TOOL, config, '--shape', wrong)
        assert 'not of the form modality=size' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, config, '--depth', -1)
    assert '--depth: must be at least 0' in capsys.readouterr().err
