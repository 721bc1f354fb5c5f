"""All processes validate one and the same model."""

from typing import Any

from mmengine.dist import broadcast, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.engine.hooks.step_record import saved_buffers
from trimodal.registry import HOOKS


@HOOKS.register_module()
class BroadcastBuffersHook(Hook):
    """Gives every process the first one's buffers before a validation.

    Running statistics of batch norms come from a process's own batches, and
    the checkpoint holds those of the first. So without this hook the other
    processes would validate their share with a model that nobody saves, and
    after a resume with another one. Gradients do not depend on it.
    """

    # Within before_val_epoch after EMAHook, which puts its own weights there.
    priority = 'LOW'

    def before_val(self, runner: Runner) -> None:
        """Share the buffers of the model that is trained."""
        share_buffers(runner.model)

    def before_val_epoch(self, runner: Runner) -> None:
        """Share the buffers of the model that is validated."""
        share_buffers(runner.model)


def share_buffers(model: Any) -> None:
    """Send the first process's buffers to the others.

    Args:
        model (nn.Module): What was trained, in its wrapper or not. Buffers
            that no checkpoint holds are left alone.
    """
    if get_world_size() > 1:
        for module, name in saved_buffers(model):
            broadcast(module._buffers[name])
