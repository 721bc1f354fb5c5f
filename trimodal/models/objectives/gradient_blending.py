"""Losses of all heads, weighted by how they generalise."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from trimodal.models.objectives.unimodal_heads import UnimodalHeads
from trimodal.registry import MODELS


@MODELS.register_module()
class GradientBlending(UnimodalHeads):
    """Blends the losses of a head per modality and of the fused heads.

    From `What Makes Training Multi-Modal Classification Networks Hard?
    <https://arxiv.org/abs/1905.12681>`_. The model's loss is the sum of
    ``w_k * loss_k`` over the fused answer (first) and each modality's own
    head, with ``w_k`` in proportion to G_k / O_k^2: how much the loss on
    held-out samples fell, over how much its distance from the training loss
    grew. ``GradientBlendingHook`` measures and sets them; until it first has,
    all are alike. They add up to 1.

    The weights and what was measured last are buffers: they are in the
    checkpoint.

    Args:
        modalities (Sequence[str]): Which modalities get a head.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        head (Mapping): Config of the heads, without ``in_channels``.
        tasks (Sequence[str]): The model's heads whose losses, together, are
            the loss of the fused answer. Defaults to ``('cls',)``.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps of a stream. Defaults to ``'mean'``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``tasks`` is empty, or another argument is refused by
            ``UnimodalHeads``.
    """

    weights: Tensor
    measured: Tensor

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        head: Mapping,
        tasks: Sequence[str] = ('cls',),
        pooling: str = 'mean',
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            modalities, in_channels, head, pooling, init_cfg=init_cfg
        )
        if not tasks:
            raise ValueError('tasks must name heads of the model, got none')
        self.tasks = tuple(tasks)
        size = 1 + len(self.modalities)
        # Training and held-out losses at the last measurement.
        self.register_buffer('measured', torch.full((2, size), torch.nan))
        self.register_buffer('weights', torch.full((size,), 1 / size))

    @property
    def terms(self) -> tuple[str, ...]:
        """What is weighted, in the order of ``weights``."""
        return ('fused', *self.modalities)

    def _weigh(self, name: str, key: str, value: Tensor) -> Tensor:
        if 'loss' not in key:
            return value
        return value * self.weights[1 + self.modalities.index(name)]

    def weigh(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weigh the losses of the fused heads.

        Args:
            losses (dict[str, Tensor]): All losses of the model.

        Returns:
            dict[str, Tensor]: The same keys.

        Raises:
            ValueError: If a task has no loss.
        """
        for task in self.tasks:
            if not any(_of_task(key, task) for key in losses):
                raise ValueError(
                    f'tasks must be heads of the model that have a loss, got '
                    f'{task!r}; the losses are {sorted(losses)}'
                )
        return {
            key: value * self.weights[0] if self._is_fused(key) else value
            for key, value in losses.items()
        }

    def _is_fused(self, key: str) -> bool:
        return any(_of_task(key, task) for task in self.tasks)

    @contextmanager
    def unweighted(self) -> Iterator[None]:
        """While this lasts, every weight is 1."""
        weights = self.weights
        self.weights = torch.ones_like(weights)
        try:
            yield
        finally:
            self.weights = weights

    def collect(self, losses: Mapping[str, Tensor], name: str) -> Tensor:
        """Sum up what belongs to each of ``terms``.

        Args:
            losses (Mapping[str, Tensor]): All losses of the model.
            name (str): Under which name the model has this objective.

        Returns:
            Tensor: float32 ``[1 + M]``.
        """
        sums = torch.zeros_like(self.weights)
        for key, value in losses.items():
            if self._is_fused(key):
                sums[0] += value.detach()
            elif key.startswith(f'{name}.') and 'loss' in key:
                sums[1 + self._owner(key)] += value.detach()
        return sums

    def _owner(self, key: str) -> int:
        """Index of the modality whose head has a loss of this name."""
        # Of two that end alike, such as 'hand' and 'left_hand', the longer.
        found = [m for m in self.modalities if key.endswith(f'_{m}')]
        return self.modalities.index(max(found, key=len))


def _of_task(key: str, task: str) -> bool:
    return key.startswith(f'{task}.') and 'loss' in key.removeprefix(task)


def blend_weights(
    before: Tensor, now: Tensor, least_overfit: float
) -> Tensor | None:
    """Weights from two measurements.

    Args:
        before (Tensor): float ``[2, K]``: training and held-out loss of each
            term at the beginning of a super-epoch.
        now (Tensor): float ``[2, K]``, at its end.
        least_overfit (float): A smaller growth of the distance between the
            two losses counts as this much: it is divided by.

    Returns:
        Tensor | None: float ``[K]``, sums to 1; 0 for a term whose held-out
        loss did not fall. None if there is no other.

    Examples:
        >>> before = torch.tensor([[2.0, 2.0], [2.0, 2.0]])
        >>> now = torch.tensor([[1.0, 0.5], [1.5, 1.0]])
        >>> blend_weights(before, now, 0.01)
        tensor([0.3333, 0.6667])
    """
    gained = (before[1] - now[1]).clamp(min=0)
    overfit = (now[1] - now[0]) - (before[1] - before[0])
    raw = gained / overfit.abs().clamp(min=least_overfit).square()
    total = raw.sum()
    return raw / total if total > 0 else None
