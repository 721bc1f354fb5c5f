"""Each mend of mmengine, by its effect."""

import importlib.metadata
import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import rich
import torch
from mmengine.config import Config
from mmengine.dist import init_dist
from mmengine.fileio import FileClient
from mmengine.hooks import logger_hook
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import CheckpointLoader, Runner, save_checkpoint
from mmengine.utils import get_installed_path, is_installed
from torch import distributed, multiprocessing, nn

from trimodal import compat
from trimodal.models.layers import MaskedBatchNorm


def load(path: Path) -> dict:
    return CheckpointLoader.load_checkpoint(str(path), 'cpu', logger='silent')


def test_report_names_every_mend_made():
    report = compat.report()
    assert report['mmengine.runner.checkpoint'] == 'mended'
    assert set(report.values()) <= {'mended', 'not needed'}


def test_apply_twice_changes_nothing():
    before, finders = Runner.wrap_model, len(sys.meta_path)
    compat.apply()
    assert Runner.wrap_model is before
    assert len(sys.meta_path) == finders


# 1. checkpoints


def test_message_hub_is_plain_data_and_comes_back_exactly(tmp_path: Path):
    hub = MessageHub('one')
    for value in (0.1, 1 / 3, 2.0):
        hub.update_scalar('train/loss', value, 4)
    hub.update_info('best_score', torch.tensor(0.5).numpy()[()])
    torch.save(hub.state_dict(), tmp_path / 'hub.pth')
    # Even a torch that knows nothing of mmengine reads it.
    state = torch.load(tmp_path / 'hub.pth', weights_only=True)
    assert state['runtime_info']['best_score'] == 0.5
    other = MessageHub('two')
    other.load_state_dict(state)
    for ours, theirs in zip(
        hub.get_scalar('train/loss').data,
        other.get_scalar('train/loss').data,
        strict=True,
    ):
        assert ours.dtype == theirs.dtype
        assert ours.tolist() == theirs.tolist()
    assert other.get_scalar('train/loss').mean() == pytest.approx(
        (0.1 + 1 / 3 + 2.0) / 12
    )
    other.update_scalar('train/loss', 3.0)
    assert other.get_scalar('train/loss').current() == 3.0


def test_message_hub_goes_from_one_to_another_without_a_file():
    hub = MessageHub('three')
    hub.update_scalar('x', 1.5)
    other = MessageHub('four')
    other.load_state_dict(hub.state_dict())
    assert other.get_scalar('x').current() == 1.5


def test_what_a_checkpoint_does_not_keep_is_not_missed():
    hub = MessageHub('five')
    hub.update_scalar('kept', 1.5)
    hub.update_scalar('speed', 1.5, resumed=False)
    state = hub.state_dict()
    assert list(state['log_scalars']) == list(state['resumed_keys'])
    hub.update_scalar('speed', 2.5, resumed=False)


# 2. packages


def test_packages_are_found_without_pkg_resources():
    assert is_installed('rich')
    assert get_installed_path('rich') == str(Path(rich.__file__).parent)
    assert not is_installed('no_such_package')
    with pytest.raises(Exception, match='no_such_package'):
        get_installed_path('no_such_package')


def test_a_distribution_may_have_another_name_than_its_module():
    if importlib.util.find_spec('mmcv') is None:
        pytest.skip('needs mmcv')
    for name in ('mmcv', 'mmcv-lite'):
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        assert is_installed(name)
        assert Path(get_installed_path(name)).name == 'mmcv'


def test_a_config_inherits_from_a_package(tmp_path: Path, monkeypatch):
    """The package is not installed, only on the path."""
    package = tmp_path / 'trimodal_user'
    for folder in ('.mim/configs/_base_', '.mim/configs/demo'):
        (package / folder).mkdir(parents=True)
    (package / '__init__.py').touch()
    mim = package / '.mim'
    (mim / 'model-index.yml').write_text('Import: []\n')
    (mim / 'configs/_base_/base.py').write_text('a = 1\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    from mmengine.config import utils

    monkeypatch.setitem(utils.MODULE2PACKAGE, 'trimodal_user', 'trimodal_user')
    child = tmp_path / 'child.py'
    child.write_text("_base_ = 'trimodal_user::_base_/base.py'\nb = 2\n")
    config = Config.fromfile(str(child))
    assert (config.a, config.b) == (1, 2)


def test_mmengine_knows_configs_of_trimodal():
    from mmengine.config.utils import _get_package_and_cfg_path as parse

    assert parse('trimodal::demo/x.py') == ('trimodal', 'demo/x.py')


# 3. several processes


@pytest.fixture
def no_gpu() -> None:
    if torch.cuda.is_available():
        pytest.skip('needs a machine without a GPU')


ENVIRONMENT = {
    'pytorch': {'RANK': '0', 'LOCAL_RANK': '0', 'WORLD_SIZE': '1'},
    'slurm': {
        'SLURM_PROCID': '0',
        'SLURM_NTASKS': '1',
        'SLURM_NODELIST': 'here',
        'SLURM_LOCALID': '0',
    },
    'mpi': {
        'OMPI_COMM_WORLD_LOCAL_RANK': '0',
        'OMPI_COMM_WORLD_SIZE': '1',
        'OMPI_COMM_WORLD_RANK': '0',
    },
}


@pytest.fixture(params=['pytorch'])
def gloo_group(no_gpu, monkeypatch, request):
    """A process group of one, started as a launcher's child does it."""
    where = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': '0'}
    for values in (ENVIRONMENT['pytorch'], ENVIRONMENT[request.param], where):
        for key, value in values.items():
            monkeypatch.setenv(key, value)
    set_device = torch.cuda.set_device
    method = multiprocessing.get_start_method(allow_none=True)
    init_dist(request.param, backend='nccl')
    yield
    assert torch.cuda.set_device is set_device
    distributed.destroy_process_group()
    multiprocessing.set_start_method(method, force=True)


@pytest.mark.parametrize('gloo_group', list(ENVIRONMENT), indirect=True)
def test_init_dist_uses_gloo_without_a_gpu(gloo_group):
    assert distributed.get_backend() == 'gloo'


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def runner_like(**cfg) -> Runner:
    """Only as much of a Runner as wrap_model asks for."""
    runner = Runner.__new__(Runner)
    runner._distributed, runner.cfg = True, Config(cfg)
    return runner


@pytest.mark.parametrize(
    ('config', 'kind'),
    [
        (None, MMDistributedDataParallel),
        ({'find_unused_parameters': False}, MMDistributedDataParallel),
        ({'gradient_as_bucket_view': True}, MMDistributedDataParallel),
        (
            {'type': 'DistributedDataParallel'},
            nn.parallel.DistributedDataParallel,
        ),
    ],
)
def test_wrap_model_on_the_cpu(gloo_group, config, kind, recwarn):
    runner = runner_like(find_unused_parameters=True)
    model = runner.wrap_model(config, Plain())
    assert type(model) is kind
    assert model.device_ids is None
    said = (config or {}).get('find_unused_parameters', True)
    assert model.find_unused_parameters is said
    assert not model.forward_sync_buffers
    assert config is None or 'device_ids' not in config
    model(torch.ones(3, 2)).sum().backward()
    assert model.module.layer.weight.grad.tolist() == [[3, 3]]
    assert not [w for w in recwarn if 'broadcast' in str(w.message)]
    assert runner.wrap_model(None, model) is model


@pytest.mark.parametrize('sync_bn', ['torch', 'mmcv'])
def test_sync_bn_on_the_cpu_is_refused(gloo_group, sync_bn: str):
    """A model without batch norms does not mind."""
    runner = runner_like(sync_bn=sync_bn)
    with pytest.raises(ValueError, match=r"sync_bn='.*needs a GPU"):
        runner.wrap_model(None, nn.Sequential(Plain(), nn.BatchNorm1d(1)))
    runner.wrap_model(None, nn.Sequential(Plain(), MaskedBatchNorm(1)))


# 5. false alarms


def test_saving_does_not_warn_about_mmengine_itself(tmp_path: Path, capsys):
    client = FileClient.infer_client(None, str(tmp_path))
    assert client.join_path('a', 'b') == os.path.join('a', 'b')
    assert client.isdir(str(tmp_path))
    save_checkpoint({'state_dict': {}}, str(tmp_path / 'x.pth'))
    assert 'deprecated' not in capsys.readouterr().out


# the fork


def test_old_history_class_is_untouched():
    """Pickles that others make of a HistoryBuffer stay what they were."""
    history = pickle.loads(pickle.dumps(HistoryBuffer([1.0], [1])))
    assert type(history) is HistoryBuffer
    assert history.statistics('mean') == 1.0


FORK = Path(os.environ.get('ONEDL_MMENGINE', '/tmp/onedl'))


@pytest.mark.slow
@pytest.mark.skipif(
    not (FORK / 'mmengine').is_dir(),
    reason='pip install --no-deps --target /tmp/onedl onedl-mmengine',
)
def test_this_file_passes_with_the_fork(repo_root: Path):
    path = os.pathsep.join([str(FORK), str(repo_root)])
    environment = {**os.environ, 'PYTHONPATH': path}
    code = (
        'import mmengine, mmengine.runner; from trimodal import compat;'
        f'assert mmengine.__file__.startswith({str(FORK)!r});'
        'print(compat.report()["mmengine.utils.package_utils"])'
    )
    run = [sys.executable, '-c', code]
    result = subprocess.run(
        run, env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == 'not needed'
    tests = [sys.executable, '-m', 'pytest', '-q', __file__, '-m', 'not slow']
    subprocess.run(tests, env=environment, cwd=repo_root, check=True)


# 7. metrics of a test


@pytest.mark.parametrize('main', [True, False])
def test_only_the_main_process_writes_the_metrics(main, tmp_path, monkeypatch):
    monkeypatch.setattr(
        'mmengine.dist.utils.is_main_process', lambda group=None: main
    )
    logger_hook.dump({'accuracy': 1.0}, tmp_path / 'metrics.json')
    assert (tmp_path / 'metrics.json').exists() == main
