"""Soups of the toy's checkpoints, by tools/model_converters/model_soup.py."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from tests.engine.toy import ToyModel, write_config
from tests.tools.launching import failure_of, run_tool
from trimodal.engine.runner import TestOptions, TrainOptions, test, train
from trimodal.engine.runner.soup import Soup, model_soup
from trimodal.utils.config import ConfigError

EXTRA = (
    "custom_hooks = []\ndefault_hooks['checkpoint'] = "
    "dict(type='CheckpointHook', max_keep_ckpts=-1, interval=1, "
    "save_best=None, greater_keys=['top1'], less_keys=['loss'])\n"
)


@pytest.fixture(scope='module')
def run(tmp_path_factory) -> tuple[str, list[str]]:
    """A config and the checkpoints of four epochs."""
    folder = tmp_path_factory.mktemp('soup')
    config = write_config(folder, 'soup', EXTRA)
    train(config, TrainOptions(work_dir=str(folder / 'w'), test=False))
    return config, [str(folder / 'w' / f'epoch_{i}.pth') for i in range(1, 5)]


def cook(run, folder: Path, **options: Any) -> tuple[Soup, dict]:
    config, files = run
    out = folder / 'new' / 'soup.pth'
    work_dir = TrainOptions(work_dir=str(folder / 'w'))
    soup = model_soup(config, files, str(out), work_dir, **options)
    return soup, torch.load(out)


def average_of(files: list[str]) -> ToyModel:
    average = AveragedModel(ToyModel())
    for file in files:
        model = ToyModel()
        model.load_state_dict(torch.load(file)['state_dict'])
        average.update_parameters(model)
    return average.module


def test_uniform(run, tmp_path: Path):
    """The mean of all; tested, it is as good as it said."""
    soup, saved = cook(run, tmp_path)
    assert soup.members == run[1]
    assert not soup.scores
    assert saved['meta']['soup'] == [f'epoch_{i}.pth' for i in range(1, 5)]
    for name, value in average_of(run[1]).named_parameters():
        torch.testing.assert_close(saved['state_dict'][name], value)
    assert saved['state_dict']['norm.num_batches_tracked'] == 6
    options = TestOptions(work_dir=str(tmp_path / 't'))
    metrics = test(run[0], str(tmp_path / 'new' / 'soup.pth'), options)
    assert metrics == soup.metrics


@pytest.mark.parametrize('rule', ['greater', 'less'])
def test_greedy(run, tmp_path: Path, rule: str):
    """By hand: the best first, each further one if it is no worse."""
    config, files = run
    metric = 'accuracy/sure'
    soup, saved = cook(run, tmp_path, greedy=True, metric=metric, rule=rule)
    sign = 1 if rule == 'greater' else -1

    def tasted(names: list[str]) -> float:
        if len(names) == 1:
            options = TestOptions(work_dir=str(tmp_path / 't'))
            return sign * test(config, names[0], options)[metric]
        out = str(tmp_path / 'tried.pth')
        work_dir = TrainOptions(work_dir=str(tmp_path / 'w'))
        return sign * model_soup(config, names, out, work_dir).metrics[metric]

    alone = {file: tasted([file]) for file in files}
    for file, value in soup.scores.items():
        assert sign * value == alone[file]
    first, *others = sorted(files, key=lambda file: -alone[file])
    members, reached = [first], alone[first]
    for file in others:
        value = tasted([*members, file])
        if value >= reached:
            members, reached = [*members, file], value
    assert soup.members == members
    assert sign * soup.metrics[metric] == reached
    assert reached >= max(alone.values())
    for name, value in average_of(members).named_parameters():
        torch.testing.assert_close(saved['state_dict'][name], value)


def test_tool(run, tmp_path: Path, monkeypatch, capsys):
    config, files = run
    out = tmp_path / 'soup.pth'
    arguments = [config, *files[2:], out, '--work-dir', tmp_path / 'w']
    run_tool(
        monkeypatch, 'model_converters/model_soup', *arguments, '--greedy'
    )
    printed = capsys.readouterr().out
    assert 'epoch_3.pth (taken)' in printed
    assert f'checkpoints: {out}' in printed
    assert '| accuracy/top1' in printed
    assert out.is_file()
    line = failure_of(
        monkeypatch, 'model_converters/model_soup', config, files[0], out
    )
    assert 'two checkpoints' in line


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'greedy': True, 'metric': 'accuracy/top5'}, 'accuracy/top5.* is no'),
        ({'greedy': True, 'metric': 'accuracy/sure'}, 'greater or less'),
        ({'greedy': True, 'rule': 'more'}, "--rule must be .*got 'more'"),
    ],
)
def test_wrong_arguments(run, tmp_path: Path, options: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        cook(run, tmp_path, **options)


def test_wrong_checkpoints(run, tmp_path: Path):
    config, files = run
    other = tmp_path / 'other.pth'
    torch.save({'state_dict': {'x': torch.zeros(2)}}, other)
    options = TrainOptions(work_dir=str(tmp_path / 'w'))
    for names, message in (
        ([files[0], str(other)], r'other\.pth: states must be of one model'),
        ([str(other), files[0]], r'other\.pth: Error'),
        ([files[0], files[0]], 'named twice'),
        ([files[0], 'gone.pth'], 'does not exist'),
    ):
        with pytest.raises(ConfigError, match=message):
            model_soup(config, names, str(tmp_path / 'o.pth'), options)
