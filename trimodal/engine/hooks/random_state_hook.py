"""The random numbers after a resume are those of a run never stopped."""

import random
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from trimodal.registry import HOOKS


def capture_random_state() -> dict[str, Any]:
    """The state of this process's generators, as plain data.

    Returns:
        dict[str, Any]: ``python`` (what :func:`random.getstate` gives),
        ``numpy`` (its state with the key as a list), ``torch`` (uint8
        tensor) and ``cuda`` (uint8 tensor of the current device, or None).
    """
    numpy_state: Any = np.random.get_state(legacy=False)
    key = numpy_state['state']['key'].tolist()
    inner = {**numpy_state['state'], 'key': key}
    cuda = torch.cuda.is_available() and torch.cuda.is_initialized()
    return {
        'python': random.getstate(),
        'numpy': {**numpy_state, 'state': inner},
        'torch': torch.get_rng_state(),
        'cuda': torch.cuda.get_rng_state() if cuda else None,
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Set this process's generators to what was captured.

    Args:
        state (dict[str, Any]): From :func:`capture_random_state`.
    """
    random.setstate(state['python'])
    inner = state['numpy']['state']
    key = np.array(inner['key'], dtype=np.uint32)
    np.random.set_state({**state['numpy'], 'state': {**inner, 'key': key}})
    # A checkpoint read onto a GPU has these tensors there.
    torch.set_rng_state(state['torch'].cpu())
    if state['cuda'] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())


@HOOKS.register_module()
class RandomStateHook(Hook):
    """Saves every rank's random state in each checkpoint and restores it.

    For a resume at the end of an epoch to be exact, nothing but training may
    advance the generators. So validation gives them back as it found them,
    and the train loader, which draws a number whenever its workers start
    (every epoch or, persistent, once), gets a generator of its own. The seed
    of the sampler is saved too: a run without a fixed seed goes on with the
    order that it had.

    Data augmentation does not depend on this hook: a data set draws from a
    generator made of its seed, the epoch and the sample's index.

    Of several processes all build the same model; from the first iteration
    on each draws numbers of its own, for dropout. The first process, or the
    only one, draws what it would without the others.
    """

    # Before CheckpointHook (90), so that what it saves is up to date.
    priority = 85

    def __init__(self) -> None:
        self._ranks: list[dict[str, Any]] | None = None
        self._before_val: dict[str, Any] | None = None
        self._resumed: dict[str, Any] | None = None

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Keep what a resumed checkpoint holds until training starts."""
        if runner._resume:
            self._resumed = checkpoint.get('random_state')

    def before_train(self, runner: Runner) -> None:
        """Restore, and give the loader its own generator."""
        loader = runner.train_dataloader
        if isinstance(loader, DataLoader):
            loader.generator = torch.Generator().manual_seed(runner.seed)
        resumed, self._resumed = self._resumed, None
        if resumed is None:
            _seed_by_rank(runner.seed)
            return
        sampler = _sampler(loader)
        if hasattr(sampler, 'seed'):
            sampler.seed = resumed['sampler_seed']
        ranks = resumed['ranks']
        if len(ranks) == get_world_size():
            restore_random_state(ranks[get_rank()])
        else:
            _seed_by_rank(runner.seed)
            runner.logger.warning(
                f'The checkpoint was written by {len(ranks)} processes, this '
                f'run has {get_world_size()}: random states not restored.'
            )

    def after_train_epoch(self, runner: Runner) -> None:
        """Collect the states of all ranks; only rank 0 saves."""
        self._collect()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Collect the states where a checkpoint by iterations is due."""
        for hook in runner.hooks:
            if not isinstance(hook, CheckpointHook) or hook.by_epoch:
                continue
            every = (hook.interval, hook.save_begin)
            due = self.every_n_train_iters(runner, *every)
            if due or self.is_last_train_iter(runner):
                self._collect()

    def before_val(self, runner: Runner) -> None:
        """Remember where the generators are."""
        self._before_val = capture_random_state()

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Take the generators back to where validation found them."""
        if self._before_val is not None:
            restore_random_state(self._before_val)
            self._before_val = None
        self._collect()

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Add ``random_state`` to the checkpoint."""
        ranks = self._ranks
        if get_world_size() == 1 or ranks is None:
            ranks = [capture_random_state()]
        seed = getattr(_sampler(runner.train_dataloader), 'seed', None)
        checkpoint['random_state'] = {'ranks': ranks, 'sampler_seed': seed}

    def _collect(self) -> None:
        # Saving happens on rank 0 alone, so the others must speak before.
        if get_world_size() > 1:
            self._ranks = all_gather_object(capture_random_state())


def _seed_by_rank(seed: int) -> None:
    rank = get_rank()
    if rank:
        random.seed(seed + rank)
        np.random.seed((seed + rank) % 2**32)
        torch.manual_seed(seed + rank)


def _sampler(loader: Any) -> Any:
    sampler = getattr(loader, 'sampler', None)
    if hasattr(sampler, 'seed'):
        return sampler
    return getattr(getattr(loader, 'batch_sampler', None), 'sampler', None)
