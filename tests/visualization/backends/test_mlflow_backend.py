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

REPORTS = "default_hooks['report'].update(formats=('md', 'html'))\n"
OTHERS = """
visualizer['vis_backends'] += [
    dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
"""
CHECKPOINTS = """
visualizer['vis_backends'][0].update(
    artifact_suffix=['.json', '.log', '.py', '.pth'])
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
    """Two epochs of 6 iterations; the test after it is in the same run."""
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
    values = {
        kind: {
            m.step: m.value
            for m in client.get_metric_history(
                run.info.run_id, f'{kind}/accuracy/top1'
            )
        }
        for kind in ('val', 'test')
    }
    assert list(values['val']) == [6, 12]
    best = max(values['val'], key=lambda step: values['val'][step])
    assert values['test'] == {best: values['val'][best]}
    times = client.get_metric_history(run.info.run_id, 'time')
    assert [m.step for m in times] == [2, 4, 6, 8, 10, 12]
    assert 'iter' not in run.data.metrics
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


def test_each_start_keeps_its_own_files(tmp_path: Path):
    """Begun, resumed to longer ones: nobody's store, no other start's files.

    The second one writes the reports, the third one keeps the checkpoints.
    """
    folder = tmp_path / 'run'
    kept: list[set[str]] = []
    for index, more in enumerate(('', REPORTS, CHECKPOINTS)):
        text = f"{RUN}{OTHERS}{more}train_cfg['max_epochs'] = {index + 1}\n"
        config = write_fusion(tmp_path, 'run', text)
        before = set(folder.glob('2*'))
        options = TrainOptions(work_dir=str(folder), resume='auto')
        assert train(config, options)
        (start,) = set(folder.glob('2*')) - before
        (store,) = start.glob('vis_data/mlflow/*/artifacts')
        paths = [path for path in store.glob('**/*') if path.is_file()]
        names = {path.relative_to(store).as_posix() for path in paths}
        kept.append({name.replace(start.name, 'start') for name in names})
    always = {
        'config.py',
        'run.py',
        'start/run_info.json',
        'start/start.json',
        'start/start.log',
        'start/vis_data/config.py',
        'start/vis_data/scalars.json',
        'start/vis_data/start.json',
    }
    assert kept[0] == always
    assert kept[1] == {*always, 'report.html', 'report.md', 'report.png'}
    assert {n for n in kept[2] if not n.endswith('.pth')} == always
    assert 'epoch_3.pth' in kept[2]
    assert not {'epoch_1.pth', 'epoch_2.pth'} & kept[2]


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
