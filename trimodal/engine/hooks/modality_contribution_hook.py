"""How much each modality contributes: to the gradient, to the fusion.

Shape letters: B batch, M modalities.
"""

from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from trimodal.engine.hooks.monitoring import StepMonitor, gradient_norms
from trimodal.engine.hooks.schedules import unwrapped
from trimodal.registry import HOOKS
from trimodal.structures import Fused, Tokens
from trimodal.utils.config import ConfigError


@HOOKS.register_module()
class ModalityContributionHook(StepMonitor):
    """Logs each modality's share of the gradient and of the fusion.

    - ``gradient_share/<modality>``: the 2-norm of its encoder's gradient over
      the sum of all encoders', right before the step (see
      :class:`~trimodal.engine.hooks.GradientNormMonitorHook`). 0 for a frozen
      encoder and where no sample had the modality; left out where no encoder
      has a gradient.
    - ``fusion_weight/<modality>``: the mean of the fusion's weight over the
      samples that have it, in the batches since the measurement became due,
      of all processes. Left out where none has it.
    - ``fusion_share/<modality>``: the sum of these weights over that of all
      modalities; the shares sum to 1, also where modalities are absent.

    A share near 0 while others learn tells of a modality that is ignored:
    see ``OGMGEHook``, ``GradientBlendingHook`` and ``ModalityDropout``.

    It costs the norms of the encoders' gradients and, with several processes,
    the exchange of a few numbers every ``interval`` iterations. The loggers
    get the scalars, the log's lines do not.

    Args:
        interval (int): Iterations between two measurements. Defaults to 50.

    Raises:
        ValueError: If ``interval`` is below 1.
    """

    def __init__(self, interval: int = 50) -> None:
        super().__init__(interval)
        self._handle: RemovableHandle | None = None
        self._seen: list[Tensor] = []
        self._names: tuple[str, ...] = ()

    def before_train(self, runner: Runner) -> None:
        """Watch the fusion.

        Raises:
            ValueError: If the model has no encoders and no fusion.
        """
        model = unwrapped(runner)
        if not hasattr(model, 'encoders') or not hasattr(model, 'fusion'):
            raise ConfigError(
                'ModalityContributionHook needs a model with encoders and a '
                f'fusion, got {type(model).__name__}'
            )
        super().before_train(runner)
        self._seen = []
        self._names = tuple(model.fusion.modalities)
        self._handle = model.fusion.register_forward_hook(self._watch)

    def after_train(self, runner: Runner) -> None:
        """Watch no more."""
        super().after_train(runner)
        if self._handle is not None:
            self._handle.remove()

    def measure(self, runner: Runner) -> tuple[Tensor, Tensor]:
        """Norms of the encoders' gradients, and sums of the weights."""
        encoders = unwrapped(runner).encoders
        groups = {
            name: list(encoders[name].parameters()) for name in self._names
        }
        norms = gradient_norms(groups, runner.optim_wrapper)
        seen = sum(self._seen, norms.new_zeros(2, len(self._names)))
        self._seen = []
        return norms, seen

    def scalars(self, measured: tuple[Tensor, Tensor]) -> dict[str, float]:
        """The shares by modality."""
        norms, seen = measured
        all_reduce(seen)
        logged = {}
        weights, counts = seen
        values = {
            'gradient_share': norms / norms.sum(),
            'fusion_weight': weights / counts,
            'fusion_share': weights / weights.sum(),
        }
        for what, numbers in values.items():
            for name, value in zip(self._names, numbers.tolist(), strict=True):
                if value == value:  # not 0 / 0
                    logged[f'{what}/{name}'] = value
        return logged

    @torch.no_grad()
    def _watch(
        self, fusion: nn.Module, args: tuple[Any, ...], output: Fused
    ) -> None:
        if not (self.due and fusion.training):
            return
        tokens: dict[str, Tokens] = args[0]
        present = torch.stack(
            [
                tokens[name].present
                if name in tokens
                else torch.zeros_like(output.weights[:, 0], dtype=torch.bool)
                for name in self._names
            ],
            dim=1,
        )
        weights = output.weights.float().masked_fill(~present, 0)
        self._seen.append(torch.stack([weights.sum(0), present.sum(0)]))
