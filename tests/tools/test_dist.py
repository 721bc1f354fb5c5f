"""Several processes: the scripts' command lines, and real gloo runs."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.engine.toy import write_config
from tests.tools.launching import TOOLS, run_tool

# One step of SGD; its momentum buffer is then the gradient.
ONE_STEP = """
model = dict(type='ToyModel', chance=0.0)
train_dataloader['dataset']['size'] = 8
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9))
param_scheduler = None
train_cfg['max_epochs'] = 1
custom_hooks = []
"""


def script(
    name: str, *arguments: object, status: int = 0, **variables: object
) -> subprocess.CompletedProcess:
    """Run a shell script of tools/ with environment variables."""
    chosen = {key: str(value) for key, value in variables.items()}
    environment = {'PYTHON': sys.executable, **os.environ, **chosen}
    result = subprocess.run(
        ['bash', TOOLS / name, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == status, result.stdout + result.stderr
    return result


@pytest.fixture
def echo(tmp_path: Path) -> dict[str, str]:
    """Variables that make python and srun print their arguments."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    for name in ('python', 'srun'):
        path = folder / name
        path.write_text('#!/bin/sh\nprintf "%s\\n" "$0 $*"\n')
        path.chmod(0o755)
    path = f'{folder}{os.pathsep}{os.environ["PATH"]}'
    return {'PATH': path, 'PYTHON': 'python'}


def test_one_node(echo: dict[str, str]):
    line = script('dist_train.sh', 'c.py', 2, '--amp', **echo).stdout.strip()
    head, tail = line.split('--standalone ')
    assert head.endswith('python -m torch.distributed.run ')
    assert tail == (
        f'--nproc_per_node=2 {TOOLS}/train.py c.py --launcher pytorch --amp'
    )
    line = script('dist_test.sh', 'c.py', 'w.pth', 3, '--tta', **echo).stdout
    assert line.strip().endswith(
        f'--nproc_per_node=3 {TOOLS}/test.py c.py --launcher pytorch '
        'w.pth --tta'
    )


def test_several_nodes(echo: dict[str, str]):
    nodes = dict(NNODES=2, NODE_RANK=1, PORT=1234, MASTER_ADDR='host')
    words = shlex.split(
        script('dist_train.sh', 'c.py', 4, **nodes, **echo).stdout
    )
    for option in (
        '--nnodes=2',
        '--node_rank=1',
        '--master_addr=host',
        '--master_port=1234',
        '--nproc_per_node=4',
    ):
        assert option in words


def test_slurm_port(echo: dict[str, str]):
    """mmengine reads MASTER_PORT."""
    srun = Path(echo['PATH'].split(os.pathsep)[0]) / 'srun'
    srun.write_text('#!/bin/sh\necho "port=$MASTER_PORT"\n')
    given = ('slurm_train.sh', 'part', 'job', 'c.py')
    assert script(*given, PORT=1234, **echo).stdout == 'port=1234\n'


def test_slurm(echo: dict[str, str]):
    given = ('part', 'job', 'c.py')
    resources = dict(GPUS=16, GPUS_PER_NODE=8, SRUN_ARGS='--quotatype=x --y')
    line = script('slurm_train.sh', *given, '--amp', **resources, **echo)
    words = shlex.split(line.stdout)
    for option in (
        '--partition=part',
        '--job-name=job',
        '--gres=gpu:8',
        '--ntasks=16',
        '--ntasks-per-node=8',
        '--quotatype=x',
        '--y',
    ):
        assert option in words
    tail = f'{TOOLS}/train.py c.py --amp --launcher slurm'
    assert line.stdout.strip().endswith(tail)
    without = dict(GPUS_PER_NODE=0, TASKS=2)
    line = script('slurm_test.sh', *given, 'w.pth', **without, **echo).stdout
    assert '--gres' not in line
    assert '--ntasks=2 ' in line
    tail = f'{TOOLS}/test.py c.py w.pth --launcher slurm'
    assert line.strip().endswith(tail)


@pytest.mark.parametrize(
    ('name', 'arguments'),
    [
        ('dist_train.sh', ['c.py']),
        ('dist_train.sh', ['c.py', 'two']),
        ('dist_test.sh', ['c.py', '2']),
        ('slurm_train.sh', ['part', 'job']),
        ('slurm_test.sh', ['part', 'job', 'c.py']),
    ],
)
def test_usage(name: str, arguments: list[str]):
    assert 'usage: ' in script(name, *arguments, status=2).stderr


def gradients(work_dir: Path) -> list[torch.Tensor]:
    content = torch.load(work_dir / 'epoch_1.pth')
    state = content['optimizer']['state']
    return [state[index]['momentum_buffer'] for index in sorted(state)]


def test_two_processes_equal_one_with_the_double_batch(
    tmp_path: Path, monkeypatch
):
    """Losses are means, so equal counts on both sides are needed."""
    two = write_config(tmp_path, 'two', ONE_STEP)
    result = script('dist_train.sh', two, 2, '--work-dir', tmp_path / 'two')
    assert 'Warning' not in result.stderr + result.stdout
    assert result.stdout.count('Tested best_accuracy_top1_epoch_1.pth') == 1

    double = ONE_STEP + "train_dataloader['batch_size'] = 8\n"
    one = write_config(tmp_path, 'one', double)
    run_tool(monkeypatch, 'train', one, '--work-dir', tmp_path / 'one')

    ours, theirs = gradients(tmp_path / 'two'), gradients(tmp_path / 'one')
    assert len(ours) == 6
    for pair in zip(ours, theirs, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-6, atol=1e-7)
    content = torch.load(tmp_path / 'two' / 'epoch_1.pth')
    assert len(content['random_state']['ranks']) == 2
    scores = [
        json.loads(next((tmp_path / name).glob('2*/2*.json')).read_text())
        for name in ('one', 'two')
    ]
    for key in ('accuracy/top1', 'accuracy/sure'):
        assert scores[0][key] == pytest.approx(scores[1][key])


@pytest.mark.slow
def test_two_processes_resume_and_test(tmp_path: Path, monkeypatch):
    """Stop after 2 of 4 epochs; then predictions in order from 2 ranks."""
    extra = "model = dict(type='ToyModel', chance=1.0)\n"
    config = write_config(tmp_path, 'toy', extra)
    straight, stopped = tmp_path / 'straight', tmp_path / 'stopped'
    script('dist_train.sh', config, 2, '--work-dir', straight)
    script('dist_train.sh', config, 2, '--no-test', '--work-dir', stopped)
    resume = ('--resume', stopped / 'epoch_2.pth', '--no-test')
    script('dist_train.sh', config, 2, '--work-dir', stopped, *resume)
    ours, theirs = (
        torch.load(folder / 'epoch_4.pth') for folder in (stopped, straight)
    )
    for key, state in ours['random_state']['ranks'][1].items():
        other = theirs['random_state']['ranks'][1][key]
        assert str(state) == str(other), key

    (best,) = straight.glob('best_*.pth')
    for name, count in (('a.json', 2), ('b.json', 1)):
        options = ('--out', tmp_path / name, '--work-dir', tmp_path / 'test')
        if count == 2:
            script('dist_test.sh', config, best, count, *options)
        else:
            run_tool(monkeypatch, 'test', config, best, *options)
    a, b = (
        json.loads((tmp_path / name).read_text())
        for name in ('a.json', 'b.json')
    )
    assert [s['sample_id'] for s in a['predictions']] == [
        s['sample_id'] for s in b['predictions']
    ]
    assert a['metrics'] == pytest.approx(b['metrics'])
