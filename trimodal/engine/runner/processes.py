"""Several processes: how one joins, what it says when it fails, the end."""

import gc
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.dist import all_gather_object, get_rank, is_distributed
from mmengine.runner import Runner
from torch import distributed
from torch.distributed.elastic.multiprocessing.errors import get_error_handler
from torch.nn.parallel import DistributedDataParallel

from trimodal.engine.runner.determinism import refused_operation
from trimodal.utils.config import ConfigError, RunError

# What a launcher tells each process, and how it is started.
_TOLD = {
    'pytorch': (
        ('RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'),
        'tools/dist_train.sh, tools/dist_test.sh or torchrun',
    ),
    'slurm': (
        ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'),
        'tools/slurm_train.sh, tools/slurm_test.sh or srun',
    ),
    'mpi': (
        (
            'OMPI_COMM_WORLD_RANK',
            'OMPI_COMM_WORLD_LOCAL_RANK',
            'OMPI_COMM_WORLD_SIZE',
            'MASTER_ADDR',
        ),
        "Open MPI's mpirun -x MASTER_ADDR=HOST",
    ),
}


class _AnotherEnded(RunError):
    """Not the cause: that is in the other process."""


@contextmanager
def one_of_several(launcher: str) -> Iterator[None]:
    """Whatever joins the other processes runs inside.

    It must not keep its runner: a model wrapped for several processes keeps
    the group's threads going after the group is destroyed. One that lets go
    of a tensor while the interpreter ends aborts the process; so the wrapper
    goes first.

    Args:
        launcher (str): 'none', 'pytorch', 'slurm' or 'mpi'.

    Raises:
        ConfigError: If the launcher has not started this process.
    """
    _check_launcher(launcher)
    try:
        yield
    except Exception as error:
        # torchrun ends with what a process that failed has written here.
        told = 'TORCHELASTIC_ERROR_FILE' in os.environ
        if told and not isinstance(error, _AnotherEnded):
            get_error_handler().record_exception(error)
        raise
    finally:
        if launcher != 'none' and is_distributed():
            gc.collect()
            distributed.destroy_process_group()


def _check_launcher(launcher: str) -> None:
    names, starters = _TOLD.get(launcher, ((), ''))
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise ConfigError(
            f'--launcher {launcher}: {", ".join(missing)} not set; such a '
            f'run is started with {starters}'
        )
    if launcher == 'mpi':  # mmengine asks for it and sets it for slurm only
        local_rank = os.environ['OMPI_COMM_WORLD_LOCAL_RANK']
        os.environ['LOCAL_RANK'] = local_rank


def check_iterations(loader: Any) -> None:
    """Processes with other numbers of batches would wait for each other.

    Args:
        loader (DataLoader): This process's batches of an epoch.

    Raises:
        ConfigError: If they are not as many as everywhere else.
    """
    counts = all_gather_object(len(loader))
    if len(set(counts)) > 1:
        raise ConfigError(
            f'train_dataloader gives the processes {counts} batches; all '
            'need as many: set round_up=True of its sampler'
        )


@contextmanager
def explained(runner: Runner) -> Iterator[None]:
    """Turn what torch says while a run goes on into what a user can do.

    Args:
        runner (Runner): What runs inside.

    Raises:
        ConfigError: If parameters took no part in the loss, and nothing in
            the config allows it.
        RunError: If another process has ended, or an operation is refused
            that is not deterministic.
    """
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        if 'did not receive grad' in text:
            raise ConfigError(_unused(text, runner.model)) from error
        if re.search(r'closed by peer|reset by peer|Broken pipe', text):
            raise _AnotherEnded(
                f'process {get_rank()} stops: another one has ended, whose '
                'own message says why'
            ) from error
        refused = refused_operation(error)
        if refused:
            raise RunError(refused) from error
        raise


def _unused(text: str, model: Any) -> str:
    found = re.search(r'for rank \d+: ([\d ]+)', text)
    indices = [int(i) for i in found.group(1).split()] if found else []
    names = _names(model)
    listed = ', '.join(names[i] for i in indices[:5] if i < len(names))
    more = f' and {len(indices) - 5} more' if len(indices) > 5 else ''
    if 'static_graph' in text:
        way_out = 'leave model_wrapper_cfg.static_graph out'
    else:
        way_out = 'set find_unused_parameters=True'
    return (
        f'in process {get_rank()} these parameters took no part in the loss '
        f'of an iteration: {listed or "(torch does not say)"}{more}; '
        f'{way_out} in the config, or let them take part'
    )


def _names(model: Any) -> list[str]:
    """Of trainable parameters, in the order in which DDP counts them."""
    if isinstance(model, DistributedDataParallel):
        model = model.module
    return [n for n, p in model.named_parameters() if p.requires_grad]
