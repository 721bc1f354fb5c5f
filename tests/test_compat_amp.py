"""Mixed precision: the scaler on a GPU, bfloat16 on a CPU, and what is said.

A GPU is stood in for: what is built and how a scaler steps needs none.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.optim import AmpOptimWrapper, build_optim_wrapper
from torch import nn

from tests.engine.toy import write_config
from tests.test_compat import Plain
from trimodal.engine.runner import TrainOptions, train, train_config
from trimodal.utils.config import ConfigError

RATE = 0.5


@pytest.fixture
def no_gpu() -> None:
    if torch.cuda.is_available():
        pytest.skip('needs a machine without a GPU')


@pytest.fixture
def gpu(monkeypatch) -> None:
    """As if there were one."""
    module = 'mmengine.optim.optimizer.amp_optimizer_wrapper'
    for place in (
        'torch.cuda.is_available',
        'torch.cuda.is_bf16_supported',
        f'{module}.is_cuda_available',
    ):
        monkeypatch.setattr(place, lambda *_, **__: True)
    monkeypatch.setattr('mmengine.runner.amp.get_device', lambda: 'cuda')
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '0')  # mmengine's logger looks


def built(folder: Path, **options: Any) -> tuple[AmpOptimWrapper, nn.Module]:
    """What ``--amp`` makes of a config that says this of its optimizer."""
    optimizer = {'type': 'SGD', 'lr': RATE}
    extra = f'optim_wrapper = {dict(options, optimizer=optimizer)!r}\n'
    path = write_config(folder, 'amp', extra)
    config = train_config(path, TrainOptions(amp=True))
    model = Plain()
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    assert type(wrapper) is AmpOptimWrapper
    return wrapper, model


def casts_to(wrapper: AmpOptimWrapper, model: nn.Module) -> torch.dtype:
    """What operations on a GPU are done in."""
    with wrapper.optim_context(model):
        assert torch.is_autocast_enabled('cuda')
        return torch.get_autocast_dtype('cuda')


@pytest.mark.parametrize(
    ('options', 'dtype'),
    [
        ({}, torch.float16),
        ({'dtype': 'float16'}, torch.float16),
        ({'dtype': 'bfloat16'}, torch.bfloat16),
    ],
)
def test_names_of_precisions(gpu, tmp_path: Path, options, dtype):
    assert casts_to(*built(tmp_path, **options)) == dtype


@pytest.mark.parametrize(
    ('options', 'begin', 'growth', 'interval'),
    [
        ({}, 2.0**16, 2.0, 2000),
        ({'loss_scale': 'dynamic'}, 2.0**16, 2.0, 2000),
        ({'loss_scale': {'init_scale': 8.0, 'growth_interval': 1}}, 8, 2, 1),
    ],
)
def test_a_dynamic_scale_grows_and_falls(
    gpu, tmp_path: Path, options, begin, growth, interval
):
    wrapper, model = built(tmp_path, **options)
    scaler = wrapper.loss_scaler
    assert scaler.is_enabled()
    assert scaler.get_scale() == begin
    assert scaler.get_growth_factor() == growth
    assert scaler.get_growth_interval() == interval
    before = model.layer.bias.item()
    wrapper.update_params(model(torch.ones(4, 2)).sum())
    after = model.layer.bias.item()
    assert after == pytest.approx(before - RATE * 4)  # it was taken off again
    begin = begin * growth if interval == 1 else begin
    assert scaler.get_scale() == begin
    wrapper.update_params(model(torch.ones(4, 2)).sum() * torch.inf)
    assert model.layer.bias.item() == after  # a step left out
    assert scaler.get_scale() == begin / 2


def test_gradients_are_those_of_the_scaled_loss(gpu, tmp_path: Path):
    wrapper, model = built(tmp_path)
    wrapper.backward(model(torch.ones(4, 2)).sum())
    assert model.layer.bias.grad.tolist() == [4 * 2.0**16]


def test_a_scale_that_stays(gpu, tmp_path: Path):
    wrapper, model = built(tmp_path, loss_scale=512.0)
    assert wrapper.loss_scaler.get_scale() == 512
    wrapper.update_params(model(torch.ones(4, 2)).sum() * torch.inf)
    assert wrapper.loss_scaler.get_scale() == 512


def test_amp_on_the_cpu_is_bfloat16(no_gpu, tmp_path: Path):
    wrapper, model = built(tmp_path, clip_grad={'max_norm': 1e9})
    with wrapper.optim_context(model):
        y = model(torch.ones(4, 2))
    assert y.dtype == torch.bfloat16
    before = model.layer.bias.item()
    wrapper.update_params(y.float().sum())
    assert model.layer.bias.item() == pytest.approx(before - RATE * 4)
    state = wrapper.state_dict()
    assert state['loss_scaler'] == {}
    wrapper.load_state_dict(state)


@pytest.mark.parametrize('scale', [512.0, {'init_scale': 8.0}])
def test_a_scale_on_the_cpu_is_told_of(no_gpu, tmp_path: Path, scale):
    extra = f"optim_wrapper['loss_scale'] = {scale!r}\n"
    extra += "train_cfg['max_epochs'] = 1\n"
    work_dir = tmp_path / 'work'
    options = TrainOptions(work_dir=str(work_dir), amp=True, test=False)
    train(write_config(tmp_path, 'scale', extra), options)
    log = next(work_dir.glob('*/*.log')).read_text()
    (line,) = [x for x in log.splitlines() if 'has no effect' in x]
    assert 'WARNING' in line
    assert f'loss_scale={scale!r} has no effect: without a GPU' in line


def test_the_usual_scale_on_the_cpu_is_not_told_of(
    no_gpu, tmp_path: Path, capsys
):
    MMLogger.get_current_instance()
    built(tmp_path, loss_scale='dynamic', dtype='bfloat16')
    assert 'loss_scale' not in ''.join(capsys.readouterr())


def test_float16_on_the_cpu_is_refused(no_gpu, tmp_path: Path):
    with pytest.raises(ValueError, match=r"dtype='float16'.*'bfloat16'"):
        built(tmp_path, dtype='float16')


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('dtype', 'bf16', "dtype='bf16': write 'bfloat16'"),
        ('dtype', 'fp16', "dtype='fp16': write 'float16'"),
        ('loss_scale', 'dynamc', r"loss_scale='dynamc': must be 'dynamic'"),
        ('loss_scale', 512, r'loss_scale=512: must be .* a float'),
    ],
)
def test_what_is_written_wrongly(no_gpu, tmp_path: Path, key, value, message):
    extra = f'optim_wrapper[{key!r}] = {value!r}\n'
    path = write_config(tmp_path, 'wrong', extra)
    options = TrainOptions(work_dir=str(tmp_path), amp=True)
    with pytest.raises(ConfigError, match=f'optim_wrapper.*{message}'):
        train(path, options)


def test_short_names_on_a_gpu(gpu, tmp_path: Path):
    with pytest.raises(ValueError, match="dtype='bf16': write 'bfloat16'"):
        built(tmp_path, dtype='bf16')
