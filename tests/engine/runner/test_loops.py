"""The score of every subset of the modalities."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.logging import MMLogger
from torch import nn
from torch.utils.data import DataLoader

from trimodal.engine.runner.loops import SubsetTestLoop, format_rows
from trimodal.evaluation import CocoMetric


class Model(nn.Module):
    """Predicts which modalities it may use."""

    def __init__(self) -> None:
        super().__init__()
        self.modalities = ('speech', 'gesture', 'image')
        self.enabled_modalities: tuple[str, ...] = ('speech', 'image')

    def test_step(self, data: Any) -> list[dict[str, Any]]:
        return [{'used': self.enabled_modalities} for _ in data]


class Count(BaseMetric):
    """How many modalities were used, on average, and by name."""

    default_prefix = 'count'

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.extend(sample['used'] for sample in data_samples)

    def compute_metrics(self, results: list) -> dict[str, Any]:
        return {
            'mean': sum(map(len, results)) / len(results),
            'names': [list(used) for used in results],
            'samples': len(results),
        }


class Wrapper(nn.Module):
    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def test_step(self, data: Any) -> Any:
        return self.module.test_step(data)


def new_loop(
    model: nn.Module, metric: BaseMetric | None = None, **options: Any
) -> SubsetTestLoop:
    calls: list[str] = []
    runner = SimpleNamespace(
        model=model,
        logger=MMLogger.get_instance('loops'),
        visualizer=SimpleNamespace(),
        call_hook=lambda name, **_: calls.append(name),
        calls=calls,
    )
    dataset = [1, 2, 3]
    loader = DataLoader(dataset, batch_size=2, collate_fn=list)
    evaluator = Evaluator([metric or Count()])
    return SubsetTestLoop(runner, loader, evaluator, **options)


def test_every_subset(capsys):
    model = Model()
    loop = new_loop(Wrapper(model))
    metrics = loop.run()
    assert loop.passes == 7
    expected = {
        'speech': 1,
        'gesture': 1,
        'image': 1,
        'speech+gesture': 2,
        'speech+image': 2,
        'gesture+image': 2,
        'speech+gesture+image': 3,
    }
    for name, number in expected.items():
        assert metrics[f'{name}/count/mean'] == number
        assert metrics[f'{name}/count/samples'] == 3
    # Everything of the full set, only numbers of the others.
    assert metrics['count/mean'] == 3
    assert metrics['count/names'] == [list(model.modalities)] * 3
    assert 'speech/count/names' not in metrics
    assert model.enabled_modalities == ('speech', 'image')
    calls = loop.runner.calls
    assert calls.count('after_test_epoch') == 1
    assert calls.count('after_test_iter') == 7 * 2
    assert calls[-1] == 'after_test'
    table = capsys.readouterr().out
    assert 'gesture+image' in table


def test_chosen_modalities():
    loop = new_loop(Model(), modalities=['image', 'speech'])
    metrics = loop.run()
    assert loop.passes == 3
    assert metrics['image+speech/count/mean'] == 2
    with pytest.raises(ValueError, match=r"\['smell'\].*'speech', 'gesture'"):
        new_loop(Model(), modalities=['smell'])


class Detector(Model):
    """Finds a box as wide as there are modalities that it may use."""

    def test_step(self, data: Any) -> list[dict[str, Any]]:
        width = float(len(self.enabled_modalities))
        found = {
            'bboxes': torch.tensor([[0.0, 0.0, width, 9.0]]),
            'labels': torch.tensor([0]),
            'scores': torch.tensor([0.5]),
        }
        return [
            {'sample_id': i, 'pred_instances': found, 'gt_instances': found}
            for i in data
        ]


def test_every_subset_has_files_of_its_own(tmp_path):
    metric = CocoMetric(outfile_prefix=str(tmp_path / 'coco'))
    new_loop(Detector(), metric, modalities=['speech', 'image']).run()
    widths = {'speech_': 1, 'image_': 1, 'speech+image_': None, '': 2}
    for part, width in widths.items():
        path = tmp_path / f'{part}coco.bbox.json'
        assert path.is_file() == (width is not None)
        if width is not None:
            assert json.loads(path.read_text())[0]['bbox'][2] == width
    assert (tmp_path / 'coco.gt.json').is_file()


def test_enabled_modalities_come_back_after_an_error(monkeypatch):
    model = Model()
    loop = new_loop(model)
    monkeypatch.setattr(loop, '_test', lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        loop.run()
    assert model.enabled_modalities == ('speech', 'image')


def test_a_model_that_needs_them_all():
    with pytest.raises(ValueError, match='Linear has no enabled_modalities'):
        new_loop(nn.Linear(1, 1))


def test_format_rows():
    rows = {'a': {'x/top1': 98.765, 'y': 1.0}, 'a+b': {'x/top1': 100.0}}
    assert format_rows(rows) == (
        'modalities  x/top1  y\na           98.77   1\na+b         100'
    )
