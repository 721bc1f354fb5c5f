import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from trimodal.visualization import load_scalars, plot_curves

# Lines as mmengine 0.10.7's LocalVisBackend writes them.
STEP = {'lr': 0.1, 'data_time': 0.01, 'time': 0.02}


def train(epoch: int, iteration: int, loss: float) -> dict:
    return {**STEP, 'loss': loss, 'epoch': epoch, 'iter': iteration} | {
        'step': iteration
    }


def val(epoch: int, top1: float) -> dict:
    return {'accuracy/top1': top1, 'data_time': 0.1, 'step': epoch}


def write(folder, start: str, records: list[dict], tail: str = '') -> None:
    path = folder / start / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    lines = ''.join(json.dumps(record) + '\n' for record in records)
    path.write_text(lines + tail)


@pytest.fixture
def run(tmp_path):
    write(
        tmp_path / 'run',
        '20260101_000000',
        [
            train(1, 5, 2.0),
            train(1, 10, 1.5),
            val(1, 0.5),
            train(2, 15, 1.2),
            train(2, 20, 1.0),
            val(2, float('nan')),
        ],
        tail='{"loss": 0.9, "ep',
    )
    return tmp_path / 'run'


def curve(points) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in zip(*points, strict=True)]


def test_load(run):
    scalars = load_scalars(run)
    assert scalars.by_epoch
    assert curve(scalars.train['loss']) == [
        (0.5, 2.0),
        (1.0, 1.5),
        (1.5, 1.2),
        (2.0, 1.0),
    ]
    x, y = scalars.val['accuracy/top1']
    assert x.tolist() == [1, 2]
    np.testing.assert_array_equal(y, [0.5, np.nan])
    assert scalars.points('lr') is scalars.train['lr']
    assert scalars.points('nothing') is None


def test_file_and_single_start_give_the_same(run):
    start = run / '20260101_000000'
    file = start / 'vis_data' / 'scalars.json'
    expected = curve(load_scalars(run).train['loss'])
    assert curve(load_scalars(start).train['loss']) == expected
    assert curve(load_scalars(file).train['loss']) == expected


def test_resumed_run_is_joined(run):
    """Killed in epoch 2, resumed after epoch 1."""
    write(
        run,
        '20260101_000001',
        [train(2, 15, 1.25), train(2, 20, 1.05), val(2, 0.7)],
    )
    scalars = load_scalars(run)
    assert curve(scalars.train['loss'])[1:] == [
        (1.0, 1.5),
        (1.5, 1.25),
        (2.0, 1.05),
    ]
    assert curve(scalars.val['accuracy/top1']) == [(1, 0.5), (2, 0.7)]


def test_run_begun_anew_replaces_the_old_one(run):
    write(run, '20260101_000001', [train(1, 5, 9.0)])
    scalars = load_scalars(run)
    assert curve(scalars.train['loss']) == [(1.0, 9.0)]
    assert scalars.val == {}


def test_by_iteration_and_with_hierarchy(tmp_path):
    write(
        tmp_path,
        'a',
        [
            {'train/loss': 3.0, 'iter': 10, 'step': 10},
            {'val/accuracy/top1': 0.25, 'step': 10},
        ],
    )
    scalars = load_scalars(tmp_path)
    assert not scalars.by_epoch
    assert curve(scalars.train['loss']) == [(10, 3.0)]
    assert curve(scalars.val['accuracy/top1']) == [(10, 0.25)]


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no scalars\.json in'):
        load_scalars(tmp_path)
    write(tmp_path, 'a', [])
    with pytest.raises(ValueError, match='nothing was logged yet'):
        load_scalars(tmp_path)


def test_plot(run, tmp_path):
    out = tmp_path / 'out' / 'curves.png'
    picture = plot_curves([run], out)
    np.testing.assert_array_equal(np.asarray(Image.open(out)), picture)
    # Three panels in a row: loss, accuracy/top1 and lr, but no times.
    assert picture.shape[1] / picture.shape[0] == pytest.approx(4.67, abs=0.1)


def test_plot_several_runs(run):
    one = plot_curves([run], keys=['*loss*'])
    two = plot_curves([run, run], keys=['*loss*'], names=['a', 'b'])
    assert one.shape == two.shape
    assert (one != two).any()


def test_plot_refuses(run):
    with pytest.raises(ValueError, match=r"any of \['map'\]; there are"):
        plot_curves([run], keys=['map'])
    with pytest.raises(ValueError, match='got 1 runs and 2 names'):
        plot_curves([run], names=['a', 'b'])
    with pytest.raises(ValueError, match='got 0 runs'):
        plot_curves([])


def test_tool(run, tmp_path, repo_root):
    out = tmp_path / 'curves.png'
    done = subprocess.run(
        [
            sys.executable,
            repo_root / 'tools/analysis_tools/plot_logs.py',
            run,
            f'--out={out}',
            '--keys',
            'loss',
        ],
        env={'PYTHONPATH': str(repo_root), 'OMP_NUM_THREADS': '1'},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f'Curves: {out}' in done.stdout
    assert out.exists()
