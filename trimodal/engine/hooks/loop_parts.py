"""Tells when each part of the training loop begins and ends."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from torch.utils.hooks import RemovableHandle

from trimodal.engine.hooks.schedules import optim_wrappers, unwrapped
from trimodal.engine.hooks.wrapping import wrap_method

DATA, PREPROCESSING, FORWARD = 'data wait', 'preprocessing', 'forward'
BACKWARD, OPTIMIZER = 'backward', 'optimizer'
CHECKPOINT, VALIDATION = 'checkpoint', 'validation'
PARTS = (
    DATA,
    PREPROCESSING,
    FORWARD,
    BACKWARD,
    OPTIMIZER,
    CHECKPOINT,
    VALIDATION,
)
# After these the loop asks its loader for a batch.
_BEFORE_DATA = ('before_train_epoch', 'after_train_iter')


class Watcher(Protocol):
    """What is told."""

    def begin(self, name: str) -> None:
        """A part, or ``Hook.method``, begins."""

    def end(self, name: str) -> None:
        """It ends; parts within others end before them."""


class LoopParts:
    """Watches a runner's loop from :meth:`attach` to :meth:`detach`.

    Args:
        watcher (Watcher): Is told of the parts in ``PARTS``, and of each
            hook's methods by ``Hook.method``; the methods of a
            ``CheckpointHook`` are ``checkpoint``.
    """

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self._handles: list[RemovableHandle] = []
        self._unwrap: list[Callable[[], None]] = []
        self._waiting = False

    def attach(self, runner: Runner) -> None:
        """Begin to watch; in ``before_train``."""
        model = unwrapped(runner)
        self._watch_module(model, FORWARD)
        self._watch_module(model.data_preprocessor, PREPROCESSING)
        for item in optim_wrappers(runner):
            self._watch_method(item, 'backward', BACKWARD)
            self._watch_method(item, 'step', OPTIMIZER)
            self._watch_method(item, 'zero_grad', OPTIMIZER)
        if runner.val_loop is not None:
            self._watch_method(runner.val_loop, 'run', VALIDATION)
        call_hook = partial(self._call_hook, runner)
        self._unwrap.append(wrap_method(runner, 'call_hook', call_hook))

    def detach(self) -> None:
        """Leave everything as it was."""
        for handle in self._handles:
            handle.remove()
        for unwrap in self._unwrap:
            unwrap()
        self._handles, self._unwrap = [], []

    def _watch_module(self, module: Any, name: str) -> None:
        begin, end = self.watcher.begin, self.watcher.end
        self._handles += [
            module.register_forward_pre_hook(lambda *_: begin(name)),
            module.register_forward_hook(lambda *_: end(name)),
        ]

    def _watch_method(self, owner: Any, name: str, part: str) -> None:
        def watched(method: Callable, *args: Any, **options: Any) -> Any:
            self._end_waiting()
            self.watcher.begin(part)
            result = method(*args, **options)
            self._end_waiting()
            self.watcher.end(part)
            if part == VALIDATION:
                self._begin_waiting()
            return result

        self._unwrap.append(wrap_method(owner, name, watched))

    def _begin_waiting(self) -> None:
        if self._unwrap:  # else the watch has ended
            self._waiting = True
            self.watcher.begin(DATA)

    def _end_waiting(self) -> None:
        if self._waiting:
            self._waiting = False
            self.watcher.end(DATA)

    def _call_hook(
        self, runner: Runner, method: Callable, fn_name: str, **options: Any
    ) -> None:
        """What the runner does, hook by hook."""
        self._end_waiting()
        for hook in runner.hooks:
            call = getattr(hook, fn_name, None)
            if call is not None:
                saves = isinstance(hook, CheckpointHook)
                kind = type(hook).__name__
                name = CHECKPOINT if saves else f'{kind}.{fn_name}'
                self.watcher.begin(name)
                call(runner, **options)
                self.watcher.end(name)
        if fn_name in _BEFORE_DATA:
            self._begin_waiting()
