from pathlib import Path

import pytest

from tests.reports.folders import LOG, write_folder
from tests.visualization.runs import train, val, write
from trimodal.reports import facts
from trimodal.visualization import load_scalars


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / 'run')


def summary(folder: Path) -> dict:
    config = facts.load_config(folder)
    table = facts.summary_table(folder, load_scalars(folder), config)
    return dict(table.rows)


def test_summary(folder: Path):
    found = summary(folder)
    assert found == {
        'state': 'finished: 2 epochs',
        'started': '2026/01/01 00:00:00',
        'took': '0:01:00',
        'work folder': str(folder),
        'model': 'TriModalFusionModel',
        'encoders': 'a: ToyEncoder',
        'fusion': 'ConcatFusion',
        'optimizer': 'SGD',
        'learning rate': '0.1',
        'precision': 'mixed: of the device',
        'batch size': '4',
        'gradient clipping': 'max_norm=1.0',
        'seed': '7',
    }


def test_time_of_all_starts(folder: Path):
    start = folder / '20260102_000000'
    write(folder, start.name, [train(2, 15, 1.0)])
    (start / f'{start.name}.log').write_text(LOG)
    assert summary(folder)['took'] == '0:02:00 in 2 starts'


def set_epochs(folder: Path, epochs: int) -> None:
    path = folder / '20260101_000000/vis_data/config.py'
    text = path.read_text().replace('epochs=2', f'epochs={epochs}')
    path.write_text(text)


def test_state_of_an_interrupted_run(folder: Path):
    set_epochs(folder, 9)
    state = 'not finished: 2 of 9 epochs logged, last checkpoint at 2'
    assert summary(folder)['state'] == state
    state = '2 of 9 epochs logged, no checkpoint'
    (folder / 'last_checkpoint').write_bytes(b'\xff\xfe\x00')
    assert summary(folder)['state'] == state
    (folder / 'last_checkpoint').unlink()
    assert summary(folder)['state'] == state


@pytest.mark.parametrize(
    'line',
    [
        'the monitored metric did not improve in the last 3 records.',
        'Training stops: the monitored metric loss is nan; best score: 1.',
    ],
)
def test_state_of_a_run_stopped_early(folder: Path, line: str):
    set_epochs(folder, 9)
    log = folder / '20260101_000000/20260101_000000.log'
    log.write_text(f'{LOG}2026/01/01 00:01:00 - mmengine - INFO - {line}\n')
    assert summary(folder)['state'] == 'stopped early: 2 of 9 epochs'


def test_without_config_and_log(tmp_path: Path):
    write(tmp_path, 'a', [train(1, 5, 1.0), val(1, 0.5)])
    found = summary(tmp_path)
    assert found == {
        'state': '1 epochs logged',
        'work folder': str(tmp_path),
    }
    assert facts.checkpoint_table(tmp_path) is None
    assert facts.config_text(None) is None


def test_checkpoints(folder: Path):
    table = facts.checkpoint_table(folder)
    assert table is not None
    assert table.rows == [['epoch_2.pth', '1.0']]


def test_config_of_the_last_start(folder: Path):
    write(folder, '20260102_000000', [train(2, 15, 1.0)])
    other = folder / '20260102_000000/vis_data/config.py'
    other.write_text('randomness = dict(seed=8)\n')
    config = facts.load_config(folder)
    assert config is not None
    assert config.randomness.seed == 8
    code = facts.config_text(config)
    assert code is not None
    assert 'seed=8' in code.text
