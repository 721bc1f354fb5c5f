"""``--deterministic``: two runs are one to the bit, what cannot be is told."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.hooks.test_random_state_hook import (
    assert_same,
    last_checkpoint,
)
from tests.engine.toy import ToyModel, write_config
from tests.tools.launching import failure_of
from trimodal.engine.runner import TrainOptions, train
from trimodal.engine.runner.determinism import refused_operation
from trimodal.registry import MODELS
from trimodal.utils.config import RunError

HERE = """
custom_imports['imports'].append('tests.engine.runner.test_determinism')
"""
# What a clock or the machine says.
MEASURED = ('time', 'memory', 'per_second')


@MODELS.register_module()
class UnorderedModel(ToyModel):
    """Sums in the order of chance, as a GPU does, unless it must not."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        losses = super().forward(*args, **kwargs)
        if isinstance(losses, dict):
            parts = [p.flatten() for p in self.parameters()]
            terms = torch.cat(parts).exp().tolist()
            if not torch.are_deterministic_algorithms_enabled():
                random.SystemRandom().shuffle(terms)
            total = torch.zeros(())
            for term in terms:
                total = total + term
            losses['cls.loss_ce'] = losses['cls.loss_ce'] * total
        return losses


@MODELS.register_module()
class RefusedModel(ToyModel):
    """Has an operation that is never deterministic, in one of its modes."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def forward(self, *args: Any, mode: str = 'tensor', **kwargs: Any) -> Any:
        if mode == self.where:
            torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))
        return super().forward(*args, mode=mode, **kwargs)


def run(folder: Path, name: str, **options: Any) -> tuple[dict, list[dict]]:
    """The last checkpoint and what was logged, without what takes time."""
    config = write_config(
        folder, f'{name}_config', f"{HERE}model['type'] = 'UnorderedModel'\n"
    )
    options = {'work_dir': str(folder / name), **options}
    train(config, TrainOptions(**options))
    (path,) = (folder / name).glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return last_checkpoint(folder / name), [
        {
            key: value
            for key, value in line.items()
            if not key.endswith(MEASURED)
        }
        for line in lines
    ]


def test_two_runs_are_the_same_to_the_bit(tmp_path: Path):
    """Weights, optimizer, averages, and every number of the log."""
    first, first_log = run(tmp_path, 'first', deterministic=True)
    second, second_log = run(tmp_path, 'second', deterministic=True)
    for part in ('state_dict', 'ema_state_dict', 'optimizer', 'random_state'):
        assert_same(first[part], second[part], part)
    assert first_log == second_log
    assert any('loss' in line for line in first_log)
    assert any('accuracy/sure' in line for line in first_log)


def test_without_it_they_need_not_be(tmp_path: Path):
    """So that the test above would see it."""
    first, first_log = run(tmp_path, 'first')
    second, second_log = run(tmp_path, 'second')
    assert first_log != second_log
    with pytest.raises(AssertionError):
        assert_same(first['state_dict'], second['state_dict'], 'weights')


@pytest.mark.parametrize('where', ['loss', 'predict'])
@pytest.mark.parametrize('by_key', [False, True])
def test_what_cannot_be_is_refused_in_a_line(
    tmp_path: Path, monkeypatch, where: str, by_key: bool
):
    extra = f"{HERE}model = dict(type='RefusedModel', where={where!r})\n"
    config = write_config(tmp_path, 'refused', extra)
    option = (
        ('--cfg-options', 'randomness.deterministic=True')
        if by_key
        else ('--deterministic',)
    )
    arguments = (config, '--work-dir', tmp_path / 'work', '--no-test')
    line = failure_of(monkeypatch, 'train', *arguments, *option)
    assert re.search(r' put_ \(test_determinism\.py:\d+\) has no', line)
    assert line.endswith(
        ' has no deterministic version on a CPU, and --deterministic '
        '(randomness.deterministic=True) allows no other: leave that out, or '
        'the part that needs this operation'
    )
    place = int(re.search(r'py:(\d+)', line)[1])
    assert 'put_(' in Path(__file__).read_text().splitlines()[place - 1]


def test_it_is_refused_in_the_test_that_follows(tmp_path: Path, monkeypatch):
    """Of a training whose validation had no need of it."""
    extra = (
        f"{HERE}model = dict(type='RefusedModel', where='predict')\n"
        'val_cfg = val_dataloader = val_evaluator = None\n'
        "default_hooks['checkpoint'] = dict(save_best=None)\n"
    )
    config = write_config(tmp_path, 'refused', extra)
    arguments = (config, '--work-dir', tmp_path / 'work', '--deterministic')
    line = failure_of(monkeypatch, 'train', *arguments)
    assert 'has no deterministic version on a CPU' in line


def test_without_the_option_it_is_done(tmp_path: Path):
    extra = f"{HERE}model = dict(type='RefusedModel', where='loss')\n"
    options = TrainOptions(work_dir=str(tmp_path / 'work'), fast_dev_run=True)
    train(write_config(tmp_path, 'allowed', extra), options)


def test_debug_shows_where_torch_raised(tmp_path: Path):
    extra = f"{HERE}model = dict(type='RefusedModel', where='loss')\n"
    options = TrainOptions(
        work_dir=str(tmp_path / 'work'), deterministic=True, debug=True
    )
    with pytest.raises(RunError) as error:
        train(write_config(tmp_path, 'debugged', extra), options)
    assert type(error.value.__cause__) is RuntimeError


def raised(text: str, file: str, name: str) -> RuntimeError:
    """As a function of that name in that file raises it."""
    names: dict[str, Any] = {}
    code = f'def {name}(text):\n    raise RuntimeError(text)\n'
    exec(compile(code, file, 'exec'), names)
    with pytest.raises(RuntimeError) as error:
        names[name](text)
    return error.value


def test_the_backward_pass_has_no_line_of_its_own():
    text = (
        'grid_sampler_2d_backward_cuda does not have a deterministic '
        "implementation, but you set 'torch.use_deterministic_algorithms(True"
        ")'. You can turn off determinism just for this operation"
    )
    told = refused_operation(raised(text, torch._tensor.__file__, 'backward'))
    assert told is not None
    assert told.startswith(
        'grid_sampler_2d_backward_cuda (in the backward pass) has no'
    )
    told = refused_operation(raised(text, '/x/model.py', 'forward'))
    assert told is not None
    assert '(model.py:2)' in told


def test_cublas_needs_an_environment(monkeypatch):
    monkeypatch.setenv('CUBLAS_WORKSPACE_CONFIG', ':1:1')
    told = refused_operation(
        RuntimeError(
            'Deterministic behavior was enabled with either '
            '`torch.use_deterministic_algorithms(True)` or `at::Context::'
            'setDeterministicAlgorithms(true)`, but this operation is not '
            'deterministic because it uses CuBLAS ... CUBLAS_WORKSPACE_CONFIG='
            ':4096:8'
        )
    )
    assert told is not None
    assert 'needs CUBLAS_WORKSPACE_CONFIG=:4096:8' in told
    assert "it is ':1:1'" in told


def test_another_error_is_none_of_these():
    assert refused_operation(RuntimeError('CUDA out of memory')) is None
