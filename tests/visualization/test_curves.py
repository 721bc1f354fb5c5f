import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.visualization.runs import write_run
from trimodal.visualization import plot_curves
from trimodal.visualization.curves import choose_keys, smoothed
from trimodal.visualization.scalars import Scalars


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / 'run')


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


def test_a_run_that_lacks_a_key_is_named_all_the_same(run, tmp_path):
    """The legend is not only that of the first panel."""
    other = write_run(tmp_path / 'other') / '20260101_000000'
    file = other / 'vis_data' / 'scalars.json'
    file.write_text(file.read_text().replace('loss', 'other'))
    both = plot_curves([run, other], keys=['loss', 'other'])
    one = plot_curves([run, run], keys=['loss'], names=['a', 'b'])
    assert both.shape[1] == 2 * one.shape[1]


def test_smooth(run):
    plain = plot_curves([run], keys=['loss'])
    assert (plot_curves([run], keys=['loss'], smooth=0.9) != plain).any()
    # What was measured on the validation set is never smoothed.
    keys = ['accuracy/top1']
    np.testing.assert_array_equal(
        plot_curves([run], keys=keys, smooth=0.9),
        plot_curves([run], keys=keys),
    )
    with pytest.raises(ValueError, match=r'smooth must be in \[0, 1\), got 1'):
        plot_curves([run], smooth=1)


def test_smoothed_is_the_mean_by_hand():
    y = np.array([1.0, np.nan, 3.0, 5.0])
    weights = np.array([0.8**2, 0.8, 1.0])
    last = (weights * [1, 3, 5]).sum() / weights.sum()
    np.testing.assert_allclose(smoothed(y, 0.8)[[0, 3]], [1.0, last])
    np.testing.assert_array_equal(smoothed(y, 0.0), y)


def test_choose_keys():
    points = (np.array([1.0]), np.array([1.0]))
    nan = (np.array([1.0]), np.array([np.nan]))
    val = {'coco/AP': points, 'coco/AP[cat]': points, 'coco/AP_l': nan}
    runs = [Scalars({'loss': points, 'time': points}, val, True)]
    assert choose_keys(runs) == ['loss', 'coco/AP']
    assert choose_keys(runs, ['coco/AP[cat]']) == ['coco/AP[cat]']
    assert choose_keys(runs, ['*AP*']) == list(val)
    assert choose_keys([Scalars({'time': points}, {}, True)]) == ['time']


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
            '--smooth=0.6',
        ],
        env={'PYTHONPATH': str(repo_root), 'OMP_NUM_THREADS': '1'},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f'Curves: {out}' in done.stdout
    assert out.exists()
