"""Two processes by config: the same weights, or a line that says why not."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tests.engine.forking import (
    NO_VALIDATION,
    assert_equal_weights,
    run_forked,
    train_alone,
    train_forked,
)
from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.runner import TrainOptions, train
from trimodal.engine.runner.processes import explained
from trimodal.models import TriModalFusionModel
from trimodal.models.layers.transformer import TransformerEncoder
from trimodal.registry import HOOKS, MODELS
from trimodal.utils.config import ConfigError, RunError

DOUBLE = "train_dataloader['batch_size'] = 8\n"
ADAM = "optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.01))\n"
WRAPPER = 'model_wrapper_cfg = dict({}=True)\n'
STORAGES = """
custom_imports['imports'].append('tests.engine.runner.test_processes')
custom_hooks = [dict(type='StorageHook')]
train_cfg['max_epochs'] = 1
"""
# A part that no loss asks for.
IDLE = """
custom_imports['imports'].append('tests.engine.runner.test_processes')
model['type'] = 'IdleFusionModel'
"""


@MODELS.register_module()
class IdleFusionModel(TriModalFusionModel):
    """Has a layer that takes no part."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.idle = nn.Linear(2, 2)


@HOOKS.register_module()
class StorageHook(Hook):
    """Notes in which memory the gradients of each step are."""

    def before_train(self, runner: Any) -> None:
        wrapper, self.found = runner.optim_wrapper, []
        step = wrapper.step

        def seen(**options: Any) -> None:
            gradients = [p.grad for p in runner.model.parameters()]
            where = [g.untyped_storage().data_ptr() for g in gradients]
            self.found.append((len(where), len(set(where))))
            step(**options)

        wrapper.step = seen

    def after_train(self, runner: Any) -> None:
        path = Path(runner.work_dir, f'storages_{runner.rank}.json')
        path.write_text(json.dumps(self.found))


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('processes')


def reference(folder: Path, name: str, extra: str) -> Path:
    """One process with the double batch."""
    work_dir = folder / name
    if not work_dir.exists():
        extra = NO_VALIDATION + ADAM + DOUBLE + extra
        train_alone(write_fusion(folder, name, extra), work_dir)
    return work_dir


@pytest.mark.parametrize(
    'option',
    ['find_unused_parameters', 'gradient_as_bucket_view', 'static_graph'],
)
def test_options_of_ddp_keep_the_weights(folder: Path, option: str):
    extra = NO_VALIDATION + ADAM + WRAPPER.format(option)
    train_forked(write_fusion(folder, option, extra), folder / option)
    assert_equal_weights(folder / option, reference(folder, 'one', ''))


@pytest.mark.parametrize('views', [True, False])
def test_gradients_are_views_of_the_buckets(folder: Path, views: bool):
    """So small a model has one bucket, and its gradients no memory else."""
    extra = NO_VALIDATION + ADAM + STORAGES
    extra += f'model_wrapper_cfg = dict(gradient_as_bucket_view={views})\n'
    work_dir = folder / f'views{views}'
    train_forked(write_fusion(folder, f'views{views}', extra), work_dir)
    for rank in (0, 1):
        content = (work_dir / f'storages_{rank}.json').read_text()
        found = json.loads(content)
        assert found
        for gradients, storages in found:
            assert gradients > 10
            assert storages == (1 if views else gradients)


def test_accumulated_gradients_are_exchanged_once(folder: Path):
    steps = "optim_wrapper['accumulative_counts'] = 2\n"
    extra = NO_VALIDATION + ADAM + steps
    extra += WRAPPER.format('gradient_as_bucket_view')
    train_forked(write_fusion(folder, 'twice', extra), folder / 'twice')
    assert_equal_weights(folder / 'twice', reference(folder, 'steps', steps))


@pytest.mark.parametrize(
    ('name', 'allowed'),
    [
        (
            'both',
            'find_unused_parameters = True\n'
            'model_wrapper_cfg = dict(gradient_as_bucket_view=True)\n',
        ),
        ('static', WRAPPER.format('static_graph')),
    ],
)
def test_idle_parameters_where_they_are_allowed(
    folder: Path, name: str, allowed: str
):
    extra = NO_VALIDATION + ADAM + IDLE + allowed
    train_forked(write_fusion(folder, name, extra), folder / name)
    assert_equal_weights(folder / name, reference(folder, 'idle', IDLE))


def test_idle_parameters_are_named(folder: Path):
    config = write_fusion(folder, 'named', NO_VALIDATION + ADAM + IDLE)
    message = (
        r'in process [01] these parameters took no part in the loss of an '
        r'iteration: idle\.weight, idle\.bias; set find_unused_parameters=Tr'
    )
    with pytest.raises(Exception, match=message):
        train_forked(config, folder / 'named')


def checkpointing(rank: int) -> None:
    """Gradients of a stack computed again are those of one that is not."""
    dist.init_process_group('gloo')
    x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(rank))
    gradients = []
    for with_cp, options in (
        (False, {}),
        (True, {}),
        (True, {'static_graph': True}),
        (True, {'find_unused_parameters': True}),
    ):
        torch.manual_seed(0)
        stack = TransformerEncoder(2, 8, 2, 16, with_cp=with_cp)
        model = DistributedDataParallel(stack, **options)
        for _ in range(2):  # the second finds the graph that was noted
            stack.zero_grad()
            model(x).square().sum().backward()
        gradients.append([p.grad for p in stack.parameters()])
    for found in gradients[1:]:
        torch.testing.assert_close(found, gradients[0], rtol=0, atol=0)
    dist.destroy_process_group()


def test_options_of_ddp_go_with_gradient_checkpointing():
    run_forked(checkpointing)


@pytest.mark.parametrize('launcher', ['slurm', 'mpi'])
def test_other_launchers(folder: Path, launcher: str):
    config = write_fusion(folder, launcher, NO_VALIDATION + ADAM)
    train_forked(config, folder / launcher, launcher=launcher)
    assert_equal_weights(folder / launcher, reference(folder, 'one', ''))


@pytest.mark.parametrize(
    ('launcher', 'message'),
    [
        ('pytorch', r'RANK, LOCAL_RANK, .* not set; .*tools/dist_train\.sh'),
        ('slurm', r'SLURM_PROCID, .*tools/slurm_train\.sh'),
        ('mpi', r'OMPI_COMM_WORLD_RANK, .*MASTER_ADDR not set; .*mpirun'),
    ],
)
def test_a_launcher_that_was_not_there(
    folder: Path, launcher: str, message: str, monkeypatch
):
    for name in ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'):
        monkeypatch.delenv(name, raising=False)
    options = TrainOptions(work_dir=str(folder / 'no'), launcher=launcher)
    with pytest.raises(ConfigError, match=message):
        train(write_fusion(folder, 'no'), options)


def test_processes_must_have_as_many_batches(folder: Path):
    """25 samples in batches of 4: the second process has 12."""
    extra = """
train_dataloader['dataset']['size'] = 25
train_dataloader['sampler']['round_up'] = False
"""
    config = write_fusion(folder, 'odd', NO_VALIDATION + extra)
    with pytest.raises(Exception, match=r'\[4, 3\] batches.*round_up=True'):
        train_forked(config, folder / 'odd')


def test_the_end_of_another_is_one_line():
    class Runs(Runner):
        def __init__(self) -> None:
            self.model = nn.Linear(1, 1)

    message = 'process 0 stops: another one has'
    with pytest.raises(RunError, match=message), explained(Runs()):
        raise RuntimeError('[..] Connection closed by peer [127.0.0.1]')
    with pytest.raises(RuntimeError, match='else'), explained(Runs()):
        raise RuntimeError('something else')
