"""torch.compile for the parts of a model."""

import os
import shutil
from collections.abc import Mapping, Sequence
from logging import Logger
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from trimodal.engine.hooks.compiled_part import CompiledPart
from trimodal.engine.hooks.schedules import unwrapped
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError, did_you_mean

# What is computed on tensors alone, without annotations.
_PARTS = ('encoders', 'aligners', 'fusion')
# The layers put channels last themselves, and for layouts of its own the
# compiler fixes the lengths of sequences or fails.
_CPU_OPTIONS = {'fallback_random': True, 'layout_optimization': False}
# What is compiled, traced, or only looked at; the others that torch lists
# are for its own tests.
_BACKENDS = ('inductor', 'cudagraphs', 'aot_eager', 'eager')
_COMPILERS = ('g++', 'clang++', 'c++')


@HOOKS.register_module()
class CompileHook(Hook):
    """Compiles encoders, aligners and fusion before training.

    A config's ``compile=True`` or ``compile=dict(...)`` adds this hook.
    mmengine would compile the whole training step, in which annotations and
    the optimizer make the compiler start over and over; here each part is
    compiled by itself, its names of weights stay as they are, and checkpoints
    go from one kind of run to the other. A model without such parts is
    compiled as a whole. Validation runs without; so does a part that the
    compiler fails on, with a warning.

    Args:
        backend (str): As for :func:`torch.compile`. Defaults to
            ``'inductor'``.
        mode (str | None): ``'default'``, ``'reduce-overhead'`` or
            ``'max-autotune'``. Defaults to None.
        dynamic (bool | None): Which sizes may differ without another
            compilation: all (True) or none (False). Defaults to None: number
            and length of the samples, and what is seen to differ, for which
            it compiles twice.
        options (Mapping[str, Any] | None): Of the backend; those of ``mode``
            come first. Defaults to None: for inductor on a CPU
            ``fallback_random=True``, the random numbers of a run that is not
            compiled, and ``layout_optimization=False``.
        parts (Sequence[str] | None): Names of parts to compile, such as
            ``'fusion'``, ``'encoders'`` or ``'encoders.image'``. Defaults to
            None: encoders, aligners and fusion.

    Raises:
        ValueError: If ``backend`` is unknown; before training, if it needs a
            compiler for C++ and there is none, or the model lacks a part.
    """

    def __init__(
        self,
        backend: str = 'inductor',
        mode: str | None = None,
        dynamic: bool | None = None,
        options: Mapping[str, Any] | None = None,
        parts: Sequence[str] | None = None,
    ) -> None:
        known = torch.compiler.list_backends(exclude_tags=())
        if backend not in known:
            usual = [b for b in _BACKENDS if b in known]
            usual += sorted({*torch.compiler.list_backends()} - {*usual})
            raise ValueError(
                f'backend must be one of {usual}, got {backend!r}'
                f'{did_you_mean(backend, known, most=1)}'
            )
        self.backend, self.mode, self.dynamic = backend, mode, dynamic
        self.options = None if options is None else dict(options)
        self.parts = parts

    def before_train(self, runner: Runner) -> None:
        """Compile the model."""
        self.compile(unwrapped(runner), runner.logger)

    def compile(self, model: nn.Module, logger: Logger) -> None:
        """Compile; the work itself is done in the first iterations.

        Args:
            model (nn.Module): The model, whose parts are changed in place.
            logger (Logger): Told what is compiled.
        """
        inductor = self.backend == 'inductor'
        on_cpu = not torch.cuda.is_available()
        if inductor and on_cpu:
            check_compiler()
        options = self._options() if inductor and on_cpu else self.options
        parts = parts_of(model, self.parts)
        for name, part in parts.items():
            part.compile(
                backend=self.backend,
                mode=None if options else self.mode,
                dynamic=self.dynamic,
                options=options,
            )
            CompiledPart(part, name, self.dynamic is None, logger).install()
        logger.info(
            f'Compiled with {self.backend}: {", ".join(parts)}. The first '
            'iterations take long.'
        )

    def _options(self) -> dict[str, Any]:
        """Those of inductor on a CPU."""
        mode = torch._inductor.list_mode_options(self.mode or 'default')
        return {**_CPU_OPTIONS, **mode, **(self.options or {})}


def parts_of(
    model: nn.Module, names: Sequence[str] | None = None
) -> dict[str, nn.Module]:
    """The parts that are compiled, by name.

    Args:
        model (nn.Module): The model.
        names (Sequence[str] | None): Names of modules in it; a dictionary or
            list of modules means each of them. Defaults to None: encoders,
            aligners and fusion, or the whole model if it has none of them.

    Returns:
        dict[str, nn.Module]: The modules.

    Raises:
        ValueError: If there is no module of a name.
    """
    modules = dict(model.named_modules())
    wanted = [n for n in _PARTS if n in modules] if names is None else names
    parts: dict[str, nn.Module] = {}
    for name in wanted:
        if name not in modules:
            known = [key for key in modules if key.count('.') < 2]
            raise ConfigError(f'parts must be among {known}, got {name!r}')
        part = modules[name]
        if isinstance(part, nn.ModuleDict | nn.ModuleList):
            inner = part.named_children()
            parts.update({f'{name}.{key}': m for key, m in inner})
        else:
            parts[name] = part
    return parts or {'model': model}


def check_compiler() -> None:
    """Raise unless there is a compiler for C++.

    Raises:
        ConfigError: If there is none.
    """
    names = [os.environ.get('CXX', ''), *_COMPILERS]
    if not any(name and shutil.which(name) for name in names):
        raise ConfigError(
            "compile: on a CPU the backend 'inductor' needs a compiler for "
            "C++ such as g++, which isn't there; install one, or set "
            "compile.backend to 'aot_eager', which only traces"
        )
