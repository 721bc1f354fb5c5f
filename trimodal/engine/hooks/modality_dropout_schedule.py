"""Modality dropout that changes while training goes on."""

import math
from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.engine.hooks.schedules import (
    check_epochs,
    check_span,
    unwrapped,
)
from trimodal.models.layers import ModalityDropout
from trimodal.models.layers.checks import check_choice, check_probability
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError

Probability = float | Mapping[str, float]
CURVES = ('linear', 'cosine', 'constant')


@HOOKS.register_module()
class ModalityDropoutSchedule(Hook):
    """Moves the ``prob`` of the model's ``ModalityDropout``.

    It is ``start_prob`` up to ``begin``, ``stop_prob`` from ``end`` on, and
    in between follows the curve; with ``'constant'`` it stays ``start_prob``
    until ``end``. It depends on epoch or iteration alone, so a resumed run
    goes on with the same. Logged as ``modality_dropout``, or
    ``modality_dropout/<modality>``.

    Args:
        start_prob (float | Mapping[str, float]): Probability of dropping each
            modality at first, or one per modality.
        stop_prob (float | Mapping[str, float]): The same, in the end.
        end (int): Epoch (or iteration) that reaches ``stop_prob``.
        begin (int): Epoch (or iteration) that leaves ``start_prob``. Defaults
            to 0.
        curve (str): ``'linear'``, ``'cosine'`` (slow at both ends) or
            ``'constant'``. Defaults to ``'linear'``.
        by_epoch (bool): Whether ``begin`` and ``end`` count epochs; the
            probability then moves once an epoch. Defaults to True.

    Raises:
        ValueError: If a probability lies outside [0, 1], only one of the two
            is per modality or they name different ones, ``begin`` is
            negative, ``end`` is not after it, or ``curve`` is unknown.
    """

    def __init__(
        self,
        start_prob: Probability,
        stop_prob: Probability,
        end: int,
        begin: int = 0,
        curve: str = 'linear',
        by_epoch: bool = True,
    ) -> None:
        self.start, self.stop = _named(start_prob), _named(stop_prob)
        check_probability(
            **{k or 'start_prob': v for k, v in self.start.items()}
        )
        check_probability(
            **{k or 'stop_prob': v for k, v in self.stop.items()}
        )
        if set(self.start) != set(self.stop):
            raise ValueError(
                'start_prob and stop_prob must be two numbers or name the '
                f'same modalities, got {start_prob} and {stop_prob}'
            )
        check_span(begin, end)
        check_choice('curve', curve, CURVES)
        self.begin, self.end = begin, end
        self.curve, self.by_epoch = curve, by_epoch

    def prob_at(self, now: int) -> dict[str, float]:
        """The probabilities at an epoch or iteration, '' for all alike."""
        share = (now - self.begin) / (self.end - self.begin)
        share = min(max(share, 0.0), 1.0)
        if self.curve == 'cosine':
            share = (1 - math.cos(math.pi * share)) / 2
        elif self.curve == 'constant':
            share = math.floor(share)
        return {
            name: (1 - share) * start + share * self.stop[name]
            for name, start in self.start.items()
        }

    def before_train(self, runner: Runner) -> None:
        """Find the part that is to be steered.

        Raises:
            ValueError: If the model has no ``ModalityDropout``, or epochs are
                counted where training goes by iterations.
        """
        if self.by_epoch:
            check_epochs(runner, 'ModalityDropoutSchedule(by_epoch=True)')
        self._dropout(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the probability of the epoch."""
        if self.by_epoch:
            self._set(runner, runner.epoch)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Set the probability of the iteration."""
        if not self.by_epoch:
            self._set(runner, runner.iter)

    def _set(self, runner: Runner, now: int) -> None:
        prob = self.prob_at(now)
        self._dropout(runner).prob = prob.get('', prob)
        for name, value in prob.items():
            key = '/'.join(filter(None, ['train/modality_dropout', name]))
            runner.message_hub.update_scalar(key, value)

    @staticmethod
    def _dropout(runner: Runner) -> ModalityDropout:
        dropout = getattr(unwrapped(runner), 'modality_dropout', None)
        if not isinstance(dropout, ModalityDropout):
            raise ConfigError(
                'ModalityDropoutSchedule needs a model with '
                f"modality_dropout=dict(type='ModalityDropout', ...), got "
                f'{dropout}'
            )
        return dropout


def _named(prob: Probability) -> dict[str, float]:
    return dict(prob) if isinstance(prob, Mapping) else {'': prob}
