"""Accumulated gradients are stepped with before an epoch ends."""

from collections.abc import Callable
from typing import Any

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn

from trimodal.engine.hooks.schedules import optim_wrappers
from trimodal.engine.hooks.wrapping import wrap_method
from trimodal.registry import HOOKS

# Its batch norms would be warned of once an epoch.
_NO_MODEL = nn.Identity()


@HOOKS.register_module()
class GradientAccumulationHook(Hook):
    """Lets ``accumulative_counts`` batches make a step within an epoch.

    mmengine counts batches through all epochs: where their number in an epoch
    is no multiple of ``accumulative_counts``, a step would be made of batches
    of two epochs, and its first gradients would be missing from a checkpoint
    between them. With this hook, as in Lightning, the last batches of an epoch
    make a step of their own, with the mean over as many as there are.

    Training by iterations has no epochs to end; its last step is mmengine's
    own. Of several optimizers those are counted that are updated once a batch.
    """

    # Before all that looks at what a step was made of.
    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._wrappers: list[OptimWrapper] = []
        self._release: Callable[[], None] | None = None

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """No gradient is lost where an epoch begins: do not say so."""
        wrapper = runner.optim_wrapper
        if not runner._resume or not _accumulating(runner):
            return
        length = len(runner.train_dataloader)

        def begin_anew(method: Callable[..., None], *_: Any) -> None:
            method(_NO_MODEL, 0, length)

        self._stop_waiting()
        self._release = wrap_method(
            wrapper, 'initialize_count_status', begin_anew
        )

    def before_train(self, runner: Runner) -> None:
        """Find the optimizers that accumulate."""
        self._stop_waiting()
        self._wrappers = _accumulating(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Count the epoch's batches."""
        length = len(runner.train_dataloader)
        for wrapper in self._wrappers:
            wrapper.initialize_count_status(_NO_MODEL, 0, length)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Leave alone what is not updated once a batch."""
        for wrapper in list(self._wrappers):
            if wrapper.inner_count != batch_idx + 1:
                wrapper._max_counts = -1  # mmengine's word for no end
                self._wrappers.remove(wrapper)

    def _stop_waiting(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None


def _accumulating(runner: Runner) -> list[OptimWrapper]:
    """The optimizers of a training by epochs that do not step each time."""
    if not isinstance(runner.train_loop, EpochBasedTrainLoop):
        return []
    return [
        each
        for each in optim_wrappers(runner)
        # DeepSpeed accumulates by itself.
        if isinstance(each, OptimWrapper) and each._accumulative_counts > 1
    ]
