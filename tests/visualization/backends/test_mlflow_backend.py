"""A run in a file, read back through MLflow's own client."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.runner import TrainOptions, train
from trimodal.visualization.backends import MLflowVisBackend

mlflow = pytest.importorskip('mlflow', reason='MLflow is optional')
pytest.importorskip('sqlalchemy', reason='MLflow keeps runs with it')

RUN = """
train_cfg['max_epochs'] = 2
visualizer['vis_backends'] = [dict(
    type='MLflowVisBackend', run_name='tiny', tags=dict(kind='test'))]
custom_hooks = [
    dict(type='RunInfoHook'), dict(type='LearningRateMonitorHook', interval=3)]
long = 'x' * 9999
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path: Path):
    """No server of the user, nothing left in the current folder."""
    monkeypatch.delenv('MLFLOW_TRACKING_URI', raising=False)
    monkeypatch.chdir(tmp_path)


def run_of(folder: Path):
    (path,) = folder.glob('**/mlflow.db')
    client = mlflow.MlflowClient(f'sqlite:///{path}')
    experiments = [e.experiment_id for e in client.search_experiments()]
    (run,) = client.search_runs(experiments)
    return client, run


def test_a_run_in_a_file(tmp_path: Path):
    """Two epochs of 6 iterations; the test after it starts no second run."""
    config = write_fusion(tmp_path, 'run', RUN)
    folder = tmp_path / 'run'
    assert train(config, TrainOptions(work_dir=str(folder)))
    client, run = run_of(folder)
    assert run.info.status == 'FINISHED'
    assert run.info.run_name == 'tiny'
    losses = client.get_metric_history(run.info.run_id, 'loss')
    assert [m.step for m in losses] == [2, 4, 6, 8, 10, 12]
    rates = client.get_metric_history(run.info.run_id, 'lr/all')
    assert [(m.step, m.value) for m in rates] == [
        *((3, 0.1), (6, 0.1), (9, 0.1), (12, 0.1))
    ]
    assert 'accuracy/top1' in run.data.metrics
    assert run.data.params['model.fusion.type'] == 'ConcatFusion'
    assert run.data.params['long'].endswith('x...')
    tags = run.data.tags
    assert (tags['kind'], tags['seed']) == ('test', '0')
    assert tags['packages.torch']
    files = {f.path for f in client.list_artifacts(run.info.run_id)}
    assert 'config.py' in files
    # All of it lies in the log folder.
    assert not (tmp_path / 'mlruns').exists()
    assert not (tmp_path / 'mlflow.db').exists()


def test_pictures_names_and_what_comes_after_the_end(tmp_path: Path):
    backend = MLflowVisBackend(str(tmp_path / 'vis'))
    backend.add_scalars({'loss[a]': float('nan'), 'up': np.float32(2)}, step=1)
    backend.add_image('val/first', np.zeros((4, 6, 3), np.uint8), step=3)
    backend.add_run_info({f'key{i}': i for i in range(120)})
    backend.close()
    backend.add_scalar('late', 1.0)
    backend.add_image('late', np.zeros((4, 6, 3), np.uint8))
    backend.add_run_info({'late': 1})
    client, run = run_of(tmp_path)
    assert np.isnan(run.data.metrics['loss_a_'])
    assert run.data.metrics['up'] == 2
    assert run.data.tags['key119'] == '119'
    assert 'late' not in {**run.data.metrics, **run.data.tags}
    (picture,) = client.list_artifacts(run.info.run_id, 'val')
    assert picture.path == 'val/first_3.png'


def test_one_file_for_all_runs(tmp_path: Path):
    uri = f'sqlite:///{tmp_path}/all.db'
    for name in ('one', 'two'):
        backend = MLflowVisBackend(
            str(tmp_path / name), 'mine', name, {}, {'a': 1}, uri
        )
        backend.add_scalar('x', 1)
        backend.close()
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name('mine')
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.run_name for run in runs} == {'one', 'two'}


def test_without_mlflow_it_says_what_to_install(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'mlflow', None)
    with pytest.raises(ImportError, match='pip install mlflow'):
        MLflowVisBackend(str(tmp_path)).add_scalar('x', 1)
