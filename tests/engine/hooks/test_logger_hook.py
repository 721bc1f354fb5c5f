"""Where the metrics of validations and tests arrive, and under what names."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.visualization import LocalVisBackend
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import Killed
from trimodal.engine.runner import TestOptions, TrainOptions, train
from trimodal.engine.runner import test as run_test
from trimodal.engine.runner.launch import build_runner
from trimodal.registry import METRICS, VISBACKENDS
from trimodal.reports.tested import test_tables
from trimodal.visualization import load_scalars

RUN = """
custom_imports['imports'] += ['tests.engine.hooks.test_logger_hook']
train_cfg['max_epochs'] = 2
log_processor = dict()
val_evaluator = [dict(type='ToyAccuracy'), dict(type='OddMetric')]
test_evaluator = val_evaluator
default_hooks['checkpoint'] = dict(
    type='CheckpointHook', save_best='odd/falls', rule='greater')
visualizer['vis_backends'] += [
    dict(type='TensorboardVisBackend'), dict(type='TellingBackend')]
"""
BY_ITERATIONS = """
train_cfg = dict(by_epoch=False, max_iters=6, val_interval=3)
train_dataloader['sampler'] = dict(type='InfiniteSampler')
log_processor.update(by_epoch=False)
default_hooks['checkpoint'].update(by_epoch=False, interval=3)
"""
SUBSETS = "test_cfg = dict(type='SubsetTestLoop')\n"
TIMES = {'time', 'data_time'}


def test_every_so_many_iterations(tmp_path: Path):
    """Two epochs of 6; the mean over the window is that of its losses."""
    losses = {}
    for interval, window in ((1, 1), (3, 2)):
        config = write_fusion(
            tmp_path,
            f'every_{interval}',
            f"train_cfg['max_epochs'] = 2\n"
            f"default_hooks['logger'] = dict(interval={interval})\n"
            f'log_processor = dict(window_size={window})\n',
        )
        folder = tmp_path / str(interval)
        train(config, TrainOptions(work_dir=str(folder), test=False))
        (file,) = folder.glob('*/vis_data/scalars.json')
        lines = map(json.loads, file.read_text().splitlines())
        losses[interval] = {x['iter']: x['loss'] for x in lines if 'loss' in x}
    single, mean = losses[1], losses[3]
    assert [*single] == [*range(1, 13)]
    assert [*mean] == [3, 6, 9, 12]
    for step, value in mean.items():
        expected = (single[step] + single[step - 1]) / 2
        assert value == pytest.approx(expected, rel=1e-5)


@METRICS.register_module()
class OddMetric(BaseMetric):
    """Is best at first; its other values are hard to write as JSON."""

    default_prefix = 'odd'
    _calls = 0

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list) -> dict[str, Any]:
        self._calls += 1
        return {
            'falls': 1 / self._calls,
            'count': np.int64(len(results)),
            'none': float('nan'),
            'most': torch.tensor(float('inf')),
            'table': np.eye(2, dtype=np.int64),
        }


@VISBACKENDS.register_module()
class TellingBackend(LocalVisBackend):
    """Notes what it is told, and when it is closed."""

    told: list[Any] = []

    def __init__(self, save_dir: str) -> None:
        super().__init__(save_dir)
        self.told.clear()

    def add_scalars(self, scalar_dict, step=0, file_path=None, **_):
        tested = any(key.startswith('test/') for key in scalar_dict)
        self.told.append('test' if tested else step)

    def close(self) -> None:
        self.told.append('closed')


def run(tmp_path: Path, extra: str = '', **options: Any) -> Path:
    config = write_fusion(tmp_path, 'run', RUN + extra)
    train(config, TrainOptions(work_dir=str(tmp_path / 'work'), **options))
    return tmp_path / 'work'


def lines_of(folder: Path, pattern: str = '*/vis_data/scalars.json') -> list:
    """The lines of tests, which must be JSON."""
    lines = [
        json.loads(line, parse_constant=pytest.fail)
        for file in sorted(folder.glob(pattern))
        for line in file.read_text().splitlines()
    ]
    return [line for line in lines if 'test/odd/falls' in line]


def curves_of(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Each tag of TensorBoard, over all starts."""
    found: dict[str, list[tuple[int, float]]] = {}
    for log in sorted(folder.glob('*/vis_data')):
        events = EventAccumulator(str(log)).Reload()
        for tag in events.Tags()['scalars']:
            points = [(p.step, p.value) for p in events.Scalars(tag)]
            found.setdefault(tag, []).extend(points)
    return found


def steps(points: list[tuple[int, float]]) -> list[int]:
    return [step for step, _ in points]


def test_every_logger_has_the_test_at_the_tested_weights(tmp_path: Path):
    """Of two epochs of 6 iterations the first is the best."""
    folder = run(tmp_path)
    (line,) = lines_of(folder)
    assert (line['iter'], line['step']) == (6, 6)
    assert line['test/odd/count'] == 10
    assert line['test/odd/none'] == 'NaN'
    assert 'test/odd/table' not in line
    curves = curves_of(folder)
    (file,) = folder.glob('2*/2*.json')
    written = json.loads(file.read_text(), parse_constant=pytest.fail)
    for name in ('accuracy/top1', 'accuracy/sure', 'odd/falls'):
        assert line[f'test/{name}'] == written[name]
        ((step, value),) = curves[f'test/{name}']
        assert step == 6
        assert value == pytest.approx(written[name])
    # Open until then, and closed once.
    assert TellingBackend.told[-2:] == ['test', 'closed']
    assert TellingBackend.told.count('closed') == 1


def test_the_tests_file_is_json(tmp_path: Path):
    folder = run(tmp_path)
    (file,) = folder.glob('2*/2*.json')
    written = json.loads(file.read_text(), parse_constant=pytest.fail)
    assert written['odd/count'] == 10
    assert written['odd/none'] == 'NaN'
    assert written['odd/most'] == 'Infinity'
    assert written['odd/table'] == [[1, 0], [0, 1]]
    (table,) = test_tables(folder)
    rows = dict(table.rows)
    assert rows['odd/count'] == 10
    assert np.isnan(rows['odd/none'])


def test_each_subset(tmp_path: Path):
    folder = run(tmp_path, SUBSETS)
    (line,) = lines_of(folder)
    scores = {f'test/{s}accuracy/top1' for s in ('', 'a/', 'b/', 'a+b/')}
    assert scores <= set(line)
    curves = curves_of(folder)
    for name in scores:
        (point,) = curves[name]
        assert point == (6, pytest.approx(line[name]))


@pytest.mark.parametrize('known', [True, False])
def test_a_test_by_itself(tmp_path: Path, known: bool):
    folder = run(tmp_path, test=False)
    assert lines_of(folder) == []
    assert TellingBackend.told[-1] == 'closed'
    path = folder / 'epoch_2.pth'
    if not known:
        state = torch.load(path, weights_only=False)['state_dict']
        path = tmp_path / 'bare.pth'
        torch.save({'state_dict': state}, path)
    options = TestOptions(work_dir=str(folder / 'test'))
    run_test(str(tmp_path / 'run.py'), str(path), options)
    (line,) = lines_of(folder / 'test')
    assert line['step'] == (12 if known else 0)
    # A table of curves knows nothing of it.
    scalars = load_scalars(folder)
    assert scalars.val['accuracy/top1'][0].tolist() == [1, 2]
    (point,) = curves_of(folder / 'test')['test/accuracy/top1']
    assert point == (line['step'], pytest.approx(line['test/accuracy/top1']))


def test_weights_in_memory(tmp_path: Path):
    folder = run(tmp_path, fast_dev_run=True)
    (line,) = lines_of(folder / 'fast_dev_run')
    assert line['step'] == 1


@pytest.mark.parametrize('more', ['', BY_ITERATIONS])
@pytest.mark.parametrize('hierarchy', [False, True])
def test_one_kind_of_step_a_tag(tmp_path: Path, more: str, hierarchy: bool):
    """Times of training and of validation are two curves."""
    text = f'{more}log_processor.update(log_with_hierarchy={hierarchy})\n'
    curves = curves_of(run(tmp_path, text))
    logged, validated = [2, 4, 6, 8, 10, 12], [6, 12]
    if more:
        logged, validated = [2, 4, 6], [3, 6]
    start = 'train/' if hierarchy else ''
    for name in ('loss', 'time', 'data_time'):
        assert steps(curves[start + name]) == logged
    for name in ('accuracy/top1', 'time', 'data_time'):
        assert steps(curves[f'val/{name}']) == validated
    assert 'iter' not in curves  # it is the step
    plain = {tag.partition('/')[2] for tag in curves if 'val/' in tag}
    assert not plain & (set(curves) - TIMES)


def test_the_curves_in_json_stay_what_they_were(tmp_path: Path):
    """With a test in between: the run goes on from its end."""
    folder = run(tmp_path)
    config = write_fusion(tmp_path, 'run', RUN + "train_cfg['max_epochs']=3\n")
    train(config, TrainOptions(work_dir=str(folder), resume='auto'))
    scalars = load_scalars(folder)
    assert scalars.val['accuracy/top1'][0].tolist() == [1, 2, 3]
    x = scalars.train['loss'][0]
    assert x.tolist() == pytest.approx([i / 3 for i in range(1, 10)])
    assert not any('test' in key for key in {**scalars.train, **scalars.val})
    # The first start's was after the last checkpoint, and is made anew.
    assert len(lines_of(folder)) == 1


def test_a_test_that_fails_ends_the_logs(tmp_path: Path, monkeypatch):
    def fail(*_: Any) -> None:
        raise MemoryError

    config = write_fusion(tmp_path, 'run', RUN)
    path = 'trimodal.engine.runner.launch.best_checkpoint'
    monkeypatch.setattr(path, fail)
    with pytest.raises(MemoryError):
        train(config, TrainOptions(work_dir=str(tmp_path / 'work')))
    assert TellingBackend.told[-1] == 'closed'
    assert TellingBackend.told.count('closed') == 1


def test_a_training_that_fails_leaves_its_curves(tmp_path: Path):
    """TensorBoard's writer would hold them back for two minutes."""
    hook = "dict(type='KillHook', stage='before_train_iter', epoch=1)"
    with pytest.raises(Killed):
        run(tmp_path, f'custom_hooks = [{hook}]\n')
    assert max(steps(curves_of(tmp_path / 'work')['loss'])) == 6
    assert 'closed' not in TellingBackend.told


def test_without_our_tools(tmp_path: Path):
    """mmengine's runner: each loop ends the logs; TensorBoard opens anew."""
    path = write_fusion(tmp_path, 'run', RUN)
    config = Config.fromfile(path)
    config.work_dir = str(tmp_path / 'work')
    runner = build_runner(config)
    runner.train()
    assert TellingBackend.told[-1] == 'closed'
    runner.test()
    assert TellingBackend.told[-2:] == ['test', 'closed']
    (line,) = lines_of(tmp_path / 'work')
    assert line['step'] == 12  # what is in memory
    assert steps(curves_of(tmp_path / 'work')['test/odd/falls']) == [12]


def test_logs_are_copied_to_one_folder(tmp_path: Path):
    """``out_dir``: mmengine's goes one folder deeper with the test."""
    copies = tmp_path / 'copies'
    run(tmp_path, f"default_hooks['logger']['out_dir'] = '{copies}'\n")
    assert [path.name for path in copies.iterdir()] == ['work']
    assert not (copies / 'work' / 'work').exists()
    assert list(copies.glob('work/2*.json'))
