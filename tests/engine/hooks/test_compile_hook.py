"""Compiled parts: the same losses, the same names of weights."""

import copy
import shutil
import sys
from collections.abc import Iterator
from logging import getLogger
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from torch import nn
from torch._dynamo.utils import counters

from benchmarks import compiling
from benchmarks.compiling import Trainee
from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import ToyModel
from tests.models.small import make_data, make_model
from trimodal.engine.hooks import CompileHook
from trimodal.engine.hooks.compile_hook import parts_of
from trimodal.engine.runner import TestOptions, TrainOptions, test, train
from trimodal.registry import MODELS
from trimodal.utils.config import ConfigError

pytestmark = pytest.mark.filterwarnings('ignore')
EPOCHS = "train_cfg['max_epochs'] = {}\n"
# 'eager' traces, and runs what it traced; 'inductor' makes machine code.
EAGER = "compile = dict(backend='eager')\n"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


def run(
    folder: Path, name: str, extra: str, resume: str | None = None
) -> tuple[Path, torch.Tensor]:
    """Train; give the work folder and the losses."""
    config = write_fusion(folder, f'{name}_config', extra)
    work_dir = folder / name
    options = TrainOptions(work_dir=str(work_dir), resume=resume, test=False)
    train(config, options)
    last = (work_dir / 'last_checkpoint').read_text().strip()
    scalars = torch.load(last)['message_hub']['log_scalars']
    return work_dir, scalars['train/loss']['log_history']


def test_losses_are_the_same_and_checkpoints_fit(tmp_path: Path):
    """Compiled, then resumed without, and the other way round."""
    _, losses = run(tmp_path, 'plain', EPOCHS.format(2))
    first, _ = run(tmp_path, 'first', EPOCHS.format(1) + EAGER)
    assert counters['stats']['unique_graphs'] > 1
    second, _ = run(tmp_path, 'second', EPOCHS.format(1))
    names = [
        torch.load(f / 'epoch_1.pth')['state_dict'] for f in (first, second)
    ]
    assert names[0].keys() == names[1].keys()
    resumed = str(first / 'epoch_1.pth')
    _, without = run(tmp_path, 'without', EPOCHS.format(2), resumed)
    resumed = str(second / 'epoch_1.pth')
    _, compiled = run(tmp_path, 'with', EPOCHS.format(2) + EAGER, resumed)
    for found in (without, compiled):
        torch.testing.assert_close(found, losses, rtol=1e-5, atol=1e-6)
    config = write_fusion(tmp_path, 'test_config')
    options = TestOptions(work_dir=str(tmp_path / 't'))
    assert test(config, str(first / 'epoch_1.pth'), options) == test(
        config, str(second / 'epoch_1.pth'), options
    )


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which('g++'), reason='needs a compiler')
def test_inductor_trains(tmp_path: Path, monkeypatch):
    # Not the machine's own: a killed run may have left half a file there.
    monkeypatch.setenv('TORCHINDUCTOR_CACHE_DIR', str(tmp_path / 'cache'))
    _, losses = run(tmp_path, 'plain', EPOCHS.format(2))
    _, compiled = run(tmp_path, 'c', EPOCHS.format(2) + 'compile = True\n')
    torch.testing.assert_close(compiled, losses, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_batches_of_other_sizes():
    """The same losses; what was compiled serves again."""
    model = make_model().train()
    for part in parts_of(model, ['encoders.speech', 'fusion']).values():
        part.compile(backend='eager', dynamic=CompileHook().dynamic)
    graphs = []
    for extra in (0, 1, 2, 0, 1, 2):
        present = ['sgi', 'si', 'g', 'gi', 's'][: 3 + extra]
        data = make_data(present, [0, 1, 2, 3, 4][: 3 + extra])
        batch = model.data_preprocessor(data, False)
        losses = []
        for stance in ('force_eager', 'default'):
            with torch.compiler.set_stance(stance):
                losses.append(model(**batch, mode='loss'))
        model.parse_losses(losses[1])[0].backward()
        for name, value in losses[0].items():
            torch.testing.assert_close(losses[1][name], value)
        graphs.append(counters['stats']['unique_graphs'])
    assert graphs[0] > 0
    assert graphs[2] == graphs[-1]


def test_parts_by_name():
    names = list(parts_of(make_model()))
    assert names == [
        'encoders.speech',
        'encoders.gesture',
        'encoders.image',
        'fusion',
    ]
    toy = ToyModel()
    assert list(parts_of(toy)) == ['encoders.a', 'encoders.b']
    assert parts_of(toy, ['head', 'encoders.b']) == {
        'head': toy.head,
        'encoders.b': toy.encoders['b'],
    }
    with pytest.raises(ValueError, match=r"parts must be among .*got 'heads'"):
        parts_of(toy, ['heads'])
    plain = nn.Linear(2, 2)
    assert parts_of(plain) == {'model': plain}


def test_without_a_compiler_it_says_what_to_do(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(shutil, 'which', lambda *_: None)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(ConfigError, match=r'g\+\+.*aot_eager'):
        run(tmp_path, 'w', EPOCHS.format(1) + 'compile = True\n')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            {'backend': 'inductr'},
            r"backend must be one of \['inductor', 'cudagraphs', "
            r"'aot_eager', 'eager'.*\], got 'inductr'; did you mean inductor",
        )
    ],
)
def test_wrong_values(options: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        CompileHook(**options)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which('g++'), reason='needs a compiler')
def test_inductor_trains_the_demo(tmp_path: Path, monkeypatch):
    """The whole model at its sizes; each step another length of speech."""
    monkeypatch.setenv('TORCHINDUCTOR_CACHE_DIR', str(tmp_path))
    monkeypatch.setattr(sys, 'argv', ['compiling.py', '--steps', '4'])
    args = compiling.parse_args()
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(args.config).model)
    plain, compiled = Trainee(model), Trainee(copy.deepcopy(model))
    CompileHook().compile(compiled.model, getLogger('test'))
    for index in range(args.steps):
        for trainee in (plain, compiled):
            trainee.step(compiling.make_batch(args, index), index)
        assert compiled.loss == pytest.approx(plain.loss, abs=1e-5)
        if index == 0:
            compare_gradients(plain.model, compiled.model)
    # Not one more for other lengths and other numbers of pictures.
    assert compiling.count_graphs() <= 8


def compare_gradients(plain: nn.Module, compiled: nn.Module) -> None:
    # Behind a ReLU one value that is rounded to the other side of zero makes
    # 1e-3: so does a change of the weights in their last bit.
    allowed = {'encoders.image': 2e-2, 'encoders.speech': 5e-5}
    for name, part in parts_of(plain).items():
        other = dict(compiled.named_modules())[name]
        want, found = (
            torch.cat([p.grad.flatten() for p in m.parameters()])
            for m in (part, other)
        )
        share = float((found - want).norm() / want.norm())
        assert share < allowed.get(name, 1e-5), name
