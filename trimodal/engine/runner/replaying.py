"""Does a training step again that NonFiniteHook has written to a file."""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.utils import import_modules_from_strings
from torch import Tensor, nn

from trimodal.engine.hooks.nonfinite_report import sample_ids
from trimodal.engine.hooks.random_state_hook import restore_random_state
from trimodal.engine.runner.configuration import existing_checkpoint
from trimodal.registry import MODELS
from trimodal.structures.plain import decode_plain
from trimodal.utils.checkpoint import load_file
from trimodal.utils.config import ConfigError
from trimodal.utils.tensors import tensors_of


@dataclass(frozen=True)
class ReplayedStep:
    """A step done again, before its backward pass.

    Args:
        model (BaseModel): With the weights from before the step.
        losses (dict[str, Tensor]): The loss terms, ready for ``backward``.
        first (str | None): Name of the module that was the first to give
            something not finite; None if none did.
        batch (Any): As the loader gave it.
        content (dict[str, Any]): What else the file holds: ``losses``,
            ``iter``, ``epoch``, ``config`` and more.
    """

    model: BaseModel
    losses: dict[str, Tensor]
    first: str | None
    batch: Any
    content: dict[str, Any]


def replay(path: str, device: str = 'cpu') -> ReplayedStep:
    """Do the step of a ``nonfinite_iter_{n}.pth`` again.

    No class is unpickled and no code run but that of the config's parts.

    Args:
        path (str): The file.
        device (str): Where; the random numbers, and so the losses, are the
            same only on the kind of device that the run was on. Defaults to
            'cpu'.

    Returns:
        ReplayedStep: Model and losses.

    Raises:
        ConfigError: If the file is not there or not one of a step.
    """
    content = load_file(existing_checkpoint(path), map_location='cpu')
    keys = {'batch', 'weights', 'random_state', 'config'}
    if not isinstance(content, dict) or not keys <= set(content):
        raise ConfigError(
            f'{path} must be a nonfinite_iter_*.pth that NonFiniteHook wrote'
        )
    config = Config(content['config'])
    import_modules_from_strings(
        **config.get('custom_imports', {'imports': []})
    )
    model: BaseModel = MODELS.build(config.model)
    _load(model, content['weights'])
    model.to(device).train()
    restore_random_state(content['random_state'])
    with _watching(model) as found, _autocast(config, device):
        batch = decode_plain(content['batch'])
        data = model.data_preprocessor(batch, True)
        losses = model._run_forward(data, mode='loss')
    first = next(iter(found), None)
    return ReplayedStep(model, losses, first, batch, content)


def describe(step: ReplayedStep) -> str:
    """What is not finite in a step; goes backwards, once.

    Args:
        step (ReplayedStep): From :func:`replay`.

    Returns:
        str: Plain text of several lines.
    """
    content, model = step.content, step.model
    loss, terms = model.parse_losses(step.losses)
    lines = [f'iteration {content["iter"]} (epoch {content["epoch"]})']
    lines.append(f'samples: {", ".join(sample_ids(step.batch))}')
    for name, value in terms.items():
        saved = content['losses'].get(name)
        then = '' if saved is None else f'  (in the run: {saved:.6g})'
        lines.append(f'{name}: {value.item():.6g}{then}')
    lines.append(f'first output that is not finite: {step.first or "none"}')
    loss.backward()
    names = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and not parameter.grad.isfinite().all()
    ]
    lines.append(f'gradients that are not finite: {", ".join(names) or None}')
    return '\n'.join(lines)


@torch.no_grad()
def _load(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    for named in (model.named_parameters(), model.named_buffers()):
        for name, value in named:
            value.copy_(weights[name])


def _autocast(config: Config, device: str) -> torch.autocast:
    wrapper = config.optim_wrapper
    dtype = wrapper.get('dtype')
    return torch.autocast(
        torch.device(device).type,
        getattr(torch, dtype) if isinstance(dtype, str) else dtype,
        enabled=wrapper.get('type') == 'AmpOptimWrapper',
    )


@contextmanager
def _watching(model: nn.Module) -> Any:
    """Collects the names of modules that give something not finite."""
    found: list[str] = []

    def look(name: str, output: Any) -> None:
        # Integers and bools always are.
        if not all(bool(x.isfinite().all()) for x in tensors_of(output)):
            found.append(name)

    handles = [
        module.register_forward_hook(
            lambda module, args, output, name=name: look(name, output)
        )
        for name, module in model.named_modules()
        if name
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
