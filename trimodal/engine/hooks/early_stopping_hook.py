"""mmengine's early stopping, mended; its patience survives a resume."""

from math import isfinite
from typing import Any

from mmengine.hooks import EarlyStoppingHook as _EarlyStoppingHook
from mmengine.runner import Runner

from trimodal.models.layers.checks import check_positive
from trimodal.registry import HOOKS
from trimodal.utils.config import RunError
from trimodal.utils.metric_rules import rule_of

_RULES = {'max': 'greater', 'min': 'less'}


@HOOKS.register_module()
class EarlyStoppingHook(_EarlyStoppingHook):
    """Stops training when a metric no longer improves.

    It differs from mmengine's in what one runs into there:

    - A score improves if it is better than the best by *more* than
      ``min_delta``: one that stays the same is a wait, also with 0.
    - A score that is not finite never counts as the best.
    - The best score and the count of waits are kept in the checkpoint: a
      resumed run stops where one that never stopped does, and a run that has
      stopped stays stopped unless it is given more patience.
    - A metric that the validation does not give is an error.
    - Testing does not build the train data set.

    Args:
        monitor (str): The metric, as the log of the validation names it.
        rule (str | None): ``'greater'`` if more is better, ``'less'`` if less
            is. Defaults to None: told by the name, for all figures of
            :mod:`trimodal.utils.metric_rules` and those that mmengine knows.
        min_delta (float): What does not improve by more is no improvement.
            Defaults to 0.0.
        strict (bool): Whether a missing metric is an error, or a warning.
            Defaults to True.
        check_finite (bool): Whether a score that is not finite stops the run
            at once, or counts as a wait. Defaults to True.
        patience (int): The run stops after so many validations in a row
            without an improvement. Defaults to 5.
        stopping_threshold (float | None): A score that is better than this
            stops the run at once. Defaults to None: there is none.
        mode (str | None): ``rule`` in the words of others: ``'max'`` or
            ``'min'``. Defaults to None.

    Raises:
        ValueError: If ``rule`` or ``mode`` is neither or both are given, the
            rule can't be told by the name, ``min_delta`` is negative or
            ``patience`` below 1.
    """

    # Before CheckpointHook (90), so that what it saves is up to date.
    priority = 80
    _KEY = 'early_stopping'

    def __init__(
        self,
        monitor: str,
        rule: str | None = None,
        min_delta: float = 0.0,
        strict: bool = True,
        check_finite: bool = True,
        patience: int = 5,
        stopping_threshold: float | None = None,
        mode: str | None = None,
    ) -> None:
        super().__init__(
            monitor,
            _rule(monitor, rule, mode),
            min_delta,
            strict,
            check_finite,
            patience,
            stopping_threshold,
        )
        if min_delta < 0:
            raise ValueError(f'min_delta must be at least 0, got {min_delta}')
        check_positive(patience=patience)

    def _init_rule(self, monitor: str) -> str:
        try:
            return super()._init_rule(monitor)
        except ValueError as error:
            raise ValueError(
                f'the name {monitor!r} does not tell whether more is better; '
                "set mode to 'max' or 'min'"
            ) from error

    def before_run(self, runner: Runner) -> None:
        """Nothing: the parent's check would build the train loop."""

    def before_train(self, runner: Runner) -> None:
        """Go on with the state of a resumed run."""
        state = runner.message_hub.get_info(self._KEY)
        if state is not None:
            self.wait_count = state['wait_count']
            self.best_score = state['best_score']
            score = state.get('score')
            stopped = self.wait_count >= self.patience or (
                score is not None and self._ends(score) is not None
            )
            runner.train_loop.stop_training = stopped

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, Any] | None = None
    ) -> None:
        """Decide, and note the state for the next checkpoint.

        Raises:
            RunError: If the metric is missing and ``strict`` is set.
        """
        metrics = metrics or {}
        if self.strict and self.monitor not in metrics:
            raise RunError(
                f'EarlyStoppingHook: the validation gives no '
                f'{self.monitor!r}; monitor must be one of '
                f'{", ".join(sorted(metrics)) or "nothing"}'
            )
        super().after_val_epoch(runner, metrics)
        score = metrics.get(self.monitor)
        state = {
            'wait_count': self.wait_count,
            'best_score': float(self.best_score),
            'score': None if score is None else float(score),
        }
        runner.message_hub.update_info(self._KEY, state)

    def _ends(self, score: float) -> str | None:
        """Why a score ends the run at once; None if it does not."""
        if self.check_finite and not isfinite(score):
            return (
                f'the monitored metric {self.monitor} is {score}; best '
                f'score: {self.best_score:.4g}'
            )
        limit = self.stopping_threshold
        if limit is not None and self.rule_map[self.rule](score, limit):
            return (
                f'stopping threshold reached: {self.monitor} is {score:.4g}, '
                f'{self.rule} than {limit:.4g}'
            )
        return None

    def _check_stop_condition(self, current_score: float) -> tuple[bool, str]:
        better = self.rule_map[self.rule]
        reason = self._ends(current_score)
        # The parent gives min_delta the sign of the rule.
        if isfinite(current_score) and better(
            current_score - self.min_delta, self.best_score
        ):
            self.best_score, self.wait_count = current_score, 0
        elif reason is None:
            self.wait_count += 1
            if self.wait_count >= self.patience:
                reason = (
                    f'{self.monitor} did not improve in the last '
                    f'{self.wait_count} validations; best score: '
                    f'{self.best_score:.4g}'
                )
        message = f'Training stops: {reason}.' if reason else ''
        return reason is not None, message


def _rule(monitor: str, rule: str | None, mode: str | None) -> str | None:
    """From what is given, else by the name; None leaves it to mmengine."""
    if mode is not None:
        if rule is not None or mode not in _RULES:
            raise ValueError(
                f'mode={mode!r}, rule={rule!r}: mode must be one of '
                f'{[*_RULES]}, and rule left out'
            )
        return _RULES[mode]
    if rule not in (None, *_RULES.values()):
        raise ValueError(
            f'rule must be one of {[*_RULES.values()]}, got {rule!r}'
        )
    return rule or rule_of(monitor)
