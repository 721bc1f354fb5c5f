"""What the hooks that steer a model have in common."""

from typing import Any, TypeVar

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import IterBasedTrainLoop, Runner

from trimodal.utils.config import ConfigError

Objective = TypeVar('Objective')


def check_span(begin: int, end: int | None) -> None:
    """Raise unless ``begin`` is not negative and ``end`` comes after it.

    Args:
        begin (int): The first.
        end (int | None): The first that is not meant any more; None: never.

    Raises:
        ValueError: If they are no span.
    """
    if begin < 0:
        raise ValueError(f'begin must be at least 0, got {begin}')
    if end is not None and end <= begin:
        raise ValueError(f'end must be larger than begin={begin}, got {end}')


def check_epochs(runner: Runner, what: str) -> None:
    """Raise where training does not go by epochs.

    A loop by iterations is a single epoch: what counts them never moves.

    Args:
        runner (Runner): The runner.
        what (str): What counts epochs.

    Raises:
        ValueError: If it goes by iterations.
    """
    if isinstance(runner.train_loop, IterBasedTrainLoop):
        raise ConfigError(
            f'{what} needs training by epochs, got a loop by iterations'
        )


def unwrapped(runner: Runner) -> Any:
    """The model inside wrappers such as ``DistributedDataParallel``."""
    model = runner.model
    while is_model_wrapper(model):
        model = model.module
    return model


def optim_wrappers(runner: Runner) -> list[OptimWrapper]:
    """The optimizer's wrapper, or each of several."""
    wrapper = runner.optim_wrapper
    if isinstance(wrapper, OptimWrapperDict):
        return list(wrapper.values())
    return [wrapper]


def find_objective(
    runner: Runner, name: str, kind: type[Objective]
) -> tuple[Any, Objective]:
    """The model, and one of its objectives.

    Args:
        runner (Runner): The runner.
        name (str): Name of the objective.
        kind (type): What it must be.

    Returns:
        tuple[Any, Objective]: Both.

    Raises:
        ValueError: If the model has none of that name and kind.
    """
    model = unwrapped(runner)
    objectives = dict(getattr(model, 'objectives', {}).items())
    if not isinstance(objectives.get(name), kind):
        known = {k: type(v).__name__ for k, v in objectives.items()}
        raise ConfigError(
            f'objective must name one of type {kind.__name__} among those of '
            f'the model, got {name!r}; there are {known or "none"}'
        )
    return model, objectives[name]
