"""Real launches: two nodes on one machine, and processes that fail."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.engine.forking import (
    NO_VALIDATION,
    assert_equal_weights,
    free_port,
    train_alone,
)
from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import write_config
from tests.tools.launching import TOOLS
from tests.tools.test_dist import script

pytestmark = pytest.mark.slow
ADAM = "optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.01))\n"
SMALL = "train_dataloader['batch_size'] = 2\n"
WHOLE = "train_dataloader['batch_size'] = 8\n"


def start(tool: str, *arguments: Any, **variables: Any) -> Any:
    """Run a script of tools/ to its end, whatever that is."""
    chosen = {key: str(value) for key, value in variables.items()}
    environment = {'PYTHON': sys.executable, **os.environ, **chosen}
    return subprocess.run(
        ['bash', TOOLS / tool, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def test_two_nodes_of_two_processes_equal_one_process(tmp_path: Path):
    """Only the first process of the first node writes."""
    config = write_fusion(tmp_path, 'four', NO_VALIDATION + ADAM + SMALL)
    where = {'NNODES': 2, 'MASTER_ADDR': '127.0.0.1', 'PORT': free_port()}

    def node(rank: int) -> Any:
        folder = ('--work-dir', tmp_path / f'node{rank}', '--no-test')
        launch = ('dist_train.sh', config, 2, *folder)
        return start(*launch, **where, NODE_RANK=rank)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(node, range(2)))
    for result in results:
        assert result.returncode == 0, result.stderr[-3000:]
    whole = write_fusion(tmp_path, 'one', NO_VALIDATION + ADAM + WHOLE)
    train_alone(whole, tmp_path / 'one')
    assert_equal_weights(tmp_path / 'node0', tmp_path / 'one')
    other = (tmp_path / 'node1').rglob('*')
    assert not [path for path in other if path.is_file()]
    assert results[1].stdout.count('Epoch(train)') == 0


@pytest.mark.parametrize('real', [False, True])
def test_the_end_of_one_process_ends_all(tmp_path: Path, real: bool):
    """By an error, and by a kill, as when memory runs out."""
    extra = "custom_hooks = [dict(type='KillHook', stage='before_train_iter',"
    extra += f'epoch=0, iteration=2, real={real}, rank=1)]\n'
    config = write_config(tmp_path, 'fails', extra)
    result = start('dist_train.sh', config, 2, '--work-dir', tmp_path / 'w')
    assert result.returncode == 1
    told = result.stderr
    assert 'Root Cause' in told
    assert 'rank      : 1 (local_rank: 1)' in told
    if real:
        assert 'Signal 9 (SIGKILL) received' in told
    else:
        assert 'Killed: by hand' in told.split('Root Cause')[1]


def test_slurm_starts_what_it_is_told(tmp_path: Path):
    """With stand-ins for srun, which starts the tasks, and scontrol."""
    binaries = tmp_path / 'bin'
    binaries.mkdir()
    srun = """#!/bin/bash
while [[ $1 == --* ]]; do
    case $1 in --ntasks=*) tasks=${1#*=} ;; esac
    shift
done
for ((i = 0; i < tasks; i++)); do
    SLURM_PROCID=$i SLURM_LOCALID=$i SLURM_NTASKS=$tasks \\
        SLURM_NODELIST=here "$@" &
done
wait -n && wait -n
"""
    for name, text in (
        ('srun', srun),
        ('scontrol', '#!/bin/sh\necho 127.0.0.1\n'),
    ):
        (binaries / name).write_text(text)
        (binaries / name).chmod(0o755)
    config = write_fusion(
        tmp_path, 'two', NO_VALIDATION + ADAM.replace('AdamW', 'SGD')
    )
    path = f'{binaries}{os.pathsep}{os.environ["PATH"]}'
    options = ('--work-dir', tmp_path / 'two', '--no-test')
    script(
        'slurm_train.sh',
        *('partition', 'job', config, *options),
        **{'PATH': path, 'GPUS_PER_NODE': 0, 'TASKS': 2},
        PORT=free_port(),
    )
    extra = NO_VALIDATION + ADAM.replace('AdamW', 'SGD') + WHOLE
    train_alone(write_fusion(tmp_path, 'one', extra), tmp_path / 'one')
    assert_equal_weights(tmp_path / 'two', tmp_path / 'one')
