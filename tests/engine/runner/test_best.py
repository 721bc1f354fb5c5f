"""Which checkpoint is tested when a training ends."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.engine.toy import write_config
from trimodal.engine.runner import (
    TestOptions,
    TrainOptions,
    best_checkpoint,
    test,
    train,
)
from trimodal.utils.saving import save_file


def runner_with(**info: Any) -> Any:
    hub = SimpleNamespace(runtime_info=info)
    return SimpleNamespace(message_hub=hub, hooks=[])


def test_best_checkpoint_falls_back(tmp_path: Path, capsys):
    assert best_checkpoint(runner_with()) is None
    best, last = (str(tmp_path / f'{name}.pth') for name in ('best', 'last'))
    runner = runner_with(best_ckpt=best, last_ckpt=last)
    for path in (best, last):
        save_file({'state_dict': {}}, path)
    assert best_checkpoint(runner) == best
    assert capsys.readouterr().out == ''
    Path(best).write_bytes(Path(best).read_bytes()[:-9])
    assert best_checkpoint(runner) == last
    said = capsys.readouterr().out
    assert f'{best} is broken: it is cut off. Testing {last} ins' in said
    Path(best).unlink()
    assert best_checkpoint(runner) == last
    said = capsys.readouterr().out
    assert f'{best} is missing. Testing {last} instead.' in said
    Path(last).write_bytes(b'')
    assert best_checkpoint(runner) is None
    said = capsys.readouterr().out
    assert 'it is empty. Testing the weights in memory instead' in said


def test_the_best_of_the_next_metric(tmp_path: Path):
    paths = [str(tmp_path / f'{name}.pth') for name in 'abc']
    for path in paths[1:]:
        save_file({}, path)
    info = dict(best_ckpt_a=paths[0], best_ckpt_b=paths[1])
    runner = runner_with(**info, last_ckpt=paths[2])
    assert best_checkpoint(runner) == paths[1]


@pytest.mark.parametrize('damage', ['altered', 'missing'])
def test_a_finished_training_is_tested_all_the_same(
    tmp_path: Path, damage: str
):
    """With the last one, which the log names."""
    config, work_dir = write_config(tmp_path), tmp_path / 'w'
    train(config, TrainOptions(work_dir=str(work_dir)))
    (best,) = work_dir.glob('best_*.pth')
    data = bytearray(best.read_bytes())
    data[len(data) // 2] ^= 1
    best.write_bytes(data)
    if damage == 'missing':
        best.unlink()
    options = TrainOptions(work_dir=str(work_dir), resume='auto')
    metrics = train(config, options)
    log = max(work_dir.glob('*/*.log')).read_text()
    fault = {'altered': 'is broken: its content', 'missing': 'is missing'}
    assert f'{best} {fault[damage]}' in log
    assert f'Testing {work_dir}/epoch_4.pth instead.' in log
    assert 'Tested epoch_4.pth\n' in log
    last = str(work_dir / 'epoch_4.pth')
    apart = TestOptions(work_dir=str(tmp_path / 'test'))
    assert test(config, last, apart) == metrics
