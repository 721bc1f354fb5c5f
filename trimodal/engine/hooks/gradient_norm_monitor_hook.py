"""The norm of the gradient of every module."""

from collections.abc import Mapping

from mmengine.runner import Runner
from torch import Tensor, nn

from trimodal.engine.hooks.monitoring import StepMonitor, gradient_norms
from trimodal.engine.hooks.schedules import unwrapped
from trimodal.registry import HOOKS


@HOOKS.register_module()
class GradientNormMonitorHook(StepMonitor):
    """Logs the gradient's 2-norm for the model and its modules.

    ``grad_norm/all`` is the model's, ``grad_norm/<module>`` a module's. What
    is measured is what the optimizer would step with if nothing were clipped:
    the sum over accumulated batches, the mean over processes, without the
    loss scale of mixed precision. A module that had no part in the loss has
    0; one with no parameter to be learned is left out.

    It costs a norm of each gradient every ``interval`` iterations, and no
    wait for the device. The loggers get the scalars, the log's lines do not.

    Args:
        interval (int): Iterations between two measurements. Defaults to 50.
        depth (int): How deep to go: 1 is the model's own modules
            (``encoders``), 2 also theirs (``encoders.<modality>``). Defaults
            to 2.

    Raises:
        ValueError: If ``interval`` or ``depth`` is below 1.
    """

    def __init__(self, interval: int = 50, depth: int = 2) -> None:
        super().__init__(interval)
        if depth < 1:
            raise ValueError(f'depth must be at least 1, got {depth}')
        self.depth = depth
        self._groups: Mapping[str, list[nn.Parameter]] = {}

    def measure(self, runner: Runner) -> Tensor:
        """The norms, on the device."""
        self._groups = module_parameters(unwrapped(runner), self.depth)
        return gradient_norms(self._groups, runner.optim_wrapper)

    def scalars(self, measured: Tensor) -> dict[str, float]:
        """The norms by module."""
        values = measured.tolist()
        return {
            f'grad_norm/{name}': value
            for name, value in zip(self._groups, values, strict=True)
        }


def module_parameters(
    model: nn.Module, depth: int
) -> dict[str, list[nn.Parameter]]:
    """The parameters that are learned, by the modules they lie in.

    Args:
        model (nn.Module): The model.
        depth (int): How many parts of a module's name to use at most.

    Returns:
        dict[str, list[Parameter]]: ``'all'``, then the modules in the order
        of the model; each parameter is in all that hold it.

    Examples:
        >>> from torch import nn
        >>> model = nn.ModuleDict({'a': nn.Sequential(nn.Linear(2, 2))})
        >>> list(module_parameters(model, depth=2))
        ['all', 'a', 'a.0']
    """
    groups: dict[str, list[nn.Parameter]] = {'all': []}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        groups['all'].append(parameter)
        parts = name.split('.')[:-1][:depth]
        for end in range(1, len(parts) + 1):
            groups.setdefault('.'.join(parts[:end]), []).append(parameter)
    return groups
