"""Model soups: the average of several finished runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.runner import Runner, set_random_seed
from torch import Tensor

from trimodal.engine.hooks.schedules import unwrapped
from trimodal.engine.optim.averaging import (
    WeightAverage,
    recompute_batch_norm,
)
from trimodal.engine.runner.configuration import (
    existing_checkpoint,
    train_config,
)
from trimodal.engine.runner.launch import build_runner
from trimodal.engine.runner.options import TrainOptions
from trimodal.engine.scoring import score
from trimodal.registry import HOOKS
from trimodal.utils.checkpoint import load_file
from trimodal.utils.config import ConfigError
from trimodal.utils.saving import save_file

State = dict[str, Tensor]
RULES = ('greater', 'less')


@dataclass(frozen=True)
class Soup:
    """What was made of some checkpoints.

    Args:
        members (list[str]): Those that are in it, in the order of the greedy
            choice.
        metrics (dict[str, Any]): Of its validation.
        scores (dict[str, float]): What each checkpoint reaches by itself, if
            that was asked for.
    """

    members: list[str]
    metrics: dict[str, Any]
    scores: dict[str, float]


def model_soup(
    path: str,
    checkpoints: Sequence[str],
    out: str,
    options: TrainOptions,
    greedy: bool = False,
    metric: str | None = None,
    rule: str | None = None,
) -> Soup:
    """Average checkpoints of one model, validate, and save the average.

    From `Model soups <https://arxiv.org/abs/2203.05482>`_. A uniform soup has
    all of them. A greedy one begins with the best and takes in, from better
    to worse, each that does not make the validation worse. Running statistics
    of batch normalisation are made anew by a pass over the training data.

    Args:
        path (str): Config file.
        checkpoints (Sequence[str]): Files, at least two.
        out (str): Where to save.
        options (TrainOptions): ``work_dir`` and ``cfg_options`` count.
        greedy (bool): Whether to choose. Defaults to False.
        metric (str | None): The metric to choose by. Defaults to None, the
            first of the validation.
        rule (str | None): ``'greater'`` or ``'less'``, what is better.
            Defaults to None: as the config's checkpoint hook has it.

    Returns:
        Soup: What is in it, and how good it is.

    Raises:
        ConfigError: If something in config or arguments is wrong.
    """
    if len(checkpoints) < 2:
        raise ConfigError(f'a soup needs two checkpoints, got {checkpoints}')
    kitchen = _Kitchen(path, options)
    files = {name: existing_checkpoint(name) for name in checkpoints}
    if len(files) < len(checkpoints):
        raise ConfigError('a checkpoint is named twice')
    scores: dict[str, float] = {}
    if greedy:
        alone = {name: kitchen.taste([file]) for name, file in files.items()}
        metric = metric or next(iter(next(iter(alone.values()))))
        scores = {n: _value(metrics, metric) for n, metrics in alone.items()}
        better = kitchen.rule(metric, rule)
        members = _chosen(files, scores, metric, better, kitchen)
    else:
        members = list(files)
    metrics = kitchen.taste([files[name] for name in members])
    kitchen.save(out, [files[name] for name in members])
    return Soup(members, metrics, scores)


def _chosen(
    files: dict[str, str],
    scores: dict[str, float],
    metric: str,
    better: Callable[[float, float], bool],
    kitchen: '_Kitchen',
) -> list[str]:
    """The greedy choice."""
    order: list[str] = []
    for name in scores:
        place = sum(not better(scores[name], scores[n]) for n in order)
        order.insert(place, name)
    members, reached = order[:1], scores[order[0]]
    for name in order[1:]:
        tried = [files[n] for n in [*members, name]]
        found = _value(kitchen.taste(tried), metric)
        if not better(reached, found):
            members.append(name)
            reached = found
    return members


def _value(metrics: dict[str, Any], metric: str) -> float:
    if metric not in metrics:
        raise ConfigError(
            f'{metric!r} is no metric of the validation, which gives '
            f'{", ".join(metrics)}'
        )
    return float(metrics[metric])


class _Kitchen:
    """A model with data, into which states are put."""

    def __init__(self, path: str, options: TrainOptions) -> None:
        config = train_config(path, options)
        if config.get('val_dataloader') is None:
            raise ConfigError(f'{path} does not define val_dataloader')
        self.hook = (config.get('default_hooks') or {}).get('checkpoint')
        self.runner: Runner = build_runner(config)
        self.model = unwrapped(self.runner)
        self.loader = self.runner.build_dataloader(
            config.train_dataloader, seed=self.runner.seed
        )

    def taste(self, files: Sequence[str]) -> dict[str, Any]:
        """Validate the average of some checkpoints."""
        average = WeightAverage()
        for file in files:
            try:
                average.update(_state(load_file(file, 'cpu')))
                self.model.load_state_dict(average.weights)
            except (ValueError, RuntimeError) as error:
                line = ' '.join(str(error).split())
                raise ConfigError(f'{file}: {line[:300]}') from error
        if len(files) > 1:
            # The same batches for all, whatever was tasted before.
            set_random_seed(self.runner.seed)
            recompute_batch_norm(self.model, self.loader)
        return score(self.runner.model, self.runner.val_loop)

    def rule(
        self, metric: str, rule: str | None
    ) -> Callable[[float, float], bool]:
        """Tells of two values whether the first is better."""
        if rule is not None and rule not in RULES:
            raise ConfigError(f'--rule must be one of {RULES}, got {rule!r}')
        options = {**(self.hook or {'type': 'CheckpointHook'})}
        options.update(save_best=metric, rule=rule)
        try:
            return HOOKS.build(options).is_better_than[metric]
        except ValueError as error:
            raise ConfigError(
                f'which {metric} is better, greater or less? Say it with '
                '--rule'
            ) from error

    def save(self, out: str, files: Sequence[str]) -> None:
        """Save what is in the model now."""
        meta = dict(load_file(files[0], 'cpu').get('meta') or {})
        meta['soup'] = [Path(file).name for file in files]
        state = {k: v.cpu() for k, v in self.model.state_dict().items()}
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        save_file({'meta': meta, 'state_dict': state}, out)


def _state(checkpoint: dict[str, Any]) -> State:
    return checkpoint.get('state_dict', checkpoint)
