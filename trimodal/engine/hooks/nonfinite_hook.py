"""A loss that is not finite stops the run, or its step is left out."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from mmengine.dist import all_gather_object, all_reduce, get_world_size
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from trimodal.engine.hooks.nonfinite_report import fault_line, write_fault
from trimodal.engine.hooks.schedules import optim_wrappers, unwrapped
from trimodal.engine.hooks.step_record import StepRecord
from trimodal.models.layers.checks import check_positive
from trimodal.registry import HOOKS
from trimodal.utils.config import RunError

_TOTAL, _IN_ROW = 'nonfinite_skips', 'nonfinite_skips_in_row'


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Looks at the loss and the gradients before each step of the optimizer.

    Where one is not finite, the weights stay as they are, and

    - the run stops with the iteration, the loss terms and the ids of the
      batch's samples, after writing ``nonfinite_iter_{n}.pth`` to the work
      folder: the batch as the loader gave it, the weights and random state
      before the step, the loss terms, the config. It holds plain data only;
      :func:`trimodal.engine.runner.replay` does the step again;
    - or, with ``skip``, the step is left out: the buffers (running statistics
      of norms) are given back, the gradients dropped, and the number of steps
      left out so far is logged as ``nonfinite_skips``.

    All processes decide together. Of accumulated gradients the whole step is
    left out. Under mixed precision an overflow of the *scaled* gradients is
    the loss scaler's business and no fault; a loss that is not finite before
    scaling is one. A statistic (a term without ``loss`` in its name) may be
    anything. The decision costs one wait for the device per iteration.

    Args:
        skip (bool): Whether to leave the step out and go on. Defaults to
            False.
        max_skips (int): So many steps in a row may be left out; one more
            stops the run. Defaults to 10.
        check_gradients (bool): Whether to look at the gradients too. Where
            they are clipped by norm, that costs nothing. Defaults to True.

    Raises:
        ValueError: If ``max_skips`` is not positive.
    """

    # Before all that save, average or log what a step made.
    priority = 'VERY_HIGH'

    def __init__(
        self,
        skip: bool = False,
        max_skips: int = 10,
        check_gradients: bool = True,
    ) -> None:
        check_positive(max_skips=max_skips)
        self.skip = skip
        self.max_skips = max_skips
        self.check_gradients = check_gradients
        self._handles: list[RemovableHandle] = []
        self._reset(None)
        self._spoilt = False

    def before_train(self, runner: Runner) -> None:
        """Watch the model's losses and the optimizer's steps."""
        self._release()
        model = unwrapped(runner)
        self._record = StepRecord(model)
        self._reset(None)
        self._spoilt = False
        self._handles.append(model.register_forward_hook(self._after_forward))
        for wrapper in optim_wrappers(runner):
            step = partial(self._before_step, runner, wrapper)
            # DeepSpeed's optimizers are none of torch's.
            if isinstance(wrapper.optimizer, Optimizer):
                handle = wrapper.optimizer.register_step_pre_hook(step)
                self._handles.append(handle)
        info = runner.message_hub.runtime_info
        for name in (_TOTAL, _IN_ROW):
            if self.skip and not (runner._resume and name in info):
                runner.message_hub.update_info(name, 0)

    def after_train(self, runner: Runner) -> None:
        """Leave model and optimizer alone."""
        self._release()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Remember what the step starts from."""
        self._reset(data_batch)
        self._inside = True
        self._record.take()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Decide where the optimizer did not step.

        Raises:
            RunError: If the run stops.
        """
        if not self._terms:  # of a model whose forward was not called
            self._after_forward(None, None, outputs)
        if not self._decided and self._is_bad(runner, None, None):
            self._found(runner)
        self._inside = False
        hub = runner.message_hub
        if self.skip and _update_due(runner):
            if not self._spoilt:
                hub.update_info(_IN_ROW, 0)
            self._spoilt = False
            hub.update_scalar(f'train/{_TOTAL}', hub.get_info(_TOTAL))
        self._reset(None)

    def _reset(self, batch: Any) -> None:
        self._batch = batch
        self._terms: dict[str, Tensor] = {}
        self._inside = self._decided = False

    def _release(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _after_forward(self, model: Any, args: Any, output: Any) -> None:
        if self._inside and isinstance(output, Mapping):
            terms = {key: _mean(value) for key, value in output.items()}
            self._terms |= {k: v for k, v in terms.items() if v is not None}

    def _before_step(
        self,
        runner: Runner,
        wrapper: OptimWrapper,
        optimizer: Optimizer,
        args: Any,
        kwargs: Any,
    ) -> None:
        if not self._inside:
            return
        self._decided = True
        if self._is_bad(runner, wrapper, optimizer):
            self._found(runner)
        if not self._spoilt:
            return
        for group in optimizer.param_groups:
            for parameter in group['params']:
                # What has no gradient is passed over by every optimizer:
                # no decay, no momentum, no count.
                parameter.grad = None

    def _is_bad(
        self,
        runner: Runner,
        wrapper: OptimWrapper | None,
        optimizer: Optimizer | None,
    ) -> bool:
        """The one wait for the device; the same answer in all processes."""
        checks = [self._loss()]
        # A fused optimizer unscales by itself, and knows of an overflow.
        scaled = getattr(optimizer, 'found_inf', None) is not None
        if self.check_gradients and optimizer is not None and not scaled:
            checks += _gradient_norms(runner, wrapper, optimizer)
        device = checks[0].device
        whole = torch.stack([x.float().to(device) for x in checks])
        bad = (~whole.isfinite()).any().float()
        if get_world_size() > 1:
            all_reduce(bad, 'max')
        return bool(bad)

    def _loss(self) -> Tensor:
        """The sum that goes backwards."""
        losses = [v for k, v in self._terms.items() if 'loss' in k]
        return torch.stack(losses).sum() if losses else torch.zeros(())

    def _found(self, runner: Runner) -> None:
        """Stop, or count what is left out.

        Raises:
            RunError: If the run stops.
        """
        hub = runner.message_hub
        if self.skip:
            self._record.restore_buffers()
            if self._spoilt:
                return
            self._spoilt = True
            in_row = hub.get_info(_IN_ROW) + 1
            if in_row <= self.max_skips:
                hub.update_info(_IN_ROW, in_row)
                hub.update_info(_TOTAL, hub.get_info(_TOTAL) + 1)
                what, _ = self._described(runner, save=False)
                runner.logger.warning(f'Step left out: {what}')
                return
        what, files = self._described(runner, save=True)
        end = f' (the {self.max_skips} steps before were left out)'
        raise RunError(
            f'{what}{end if self.skip else ""}. Saved {", ".join(files)}: '
            'python tools/analysis_tools/replay_step.py FILE shows where it '
            'begins. To leave such steps out: --cfg-options '
            'default_hooks.nonfinite.skip=True, with --resume'
        )

    def _described(self, runner: Runner, save: bool) -> tuple[str, list[str]]:
        """One line about all processes, and the files that were written."""
        terms = {key: value.item() for key, value in self._terms.items()}
        bad_loss = not math.isfinite(self._loss().item())
        gradients = [
            name
            for name, parameter in unwrapped(runner).named_parameters()
            if parameter.grad is not None
            and not bool(parameter.grad.isfinite().all())
        ]
        anywhere = any(all_gather_object(bad_loss))
        ours = bad_loss or not anywhere  # of gradients all are to blame
        file = None
        if save and ours:
            content = self._record.content(self._batch, terms)
            content['nonfinite_gradients'] = gradients
            file = write_fault(runner, content)
        line = (
            fault_line(terms, self._batch, bad_loss, gradients) if ours else ''
        )
        lines, files = zip(*all_gather_object((line, file)), strict=True)
        told = '; '.join(
            line if len(lines) == 1 else f'process {rank}: {line}'
            for rank, line in enumerate(lines)
            if line
        )
        return f'iteration {runner.iter + 1}: {told}', [f for f in files if f]


def _update_due(runner: Runner) -> bool:
    """Whether accumulation ended with this iteration."""
    return any(
        w.should_update() if isinstance(w, OptimWrapper) else True
        for w in optim_wrappers(runner)
    )


@torch.no_grad()
def _mean(value: Any) -> Tensor | None:
    """As mmengine's ``parse_losses`` reads a term."""
    if isinstance(value, Tensor):
        return value.detach().float().mean()
    if isinstance(value, list | tuple) and value:
        return torch.stack([x.detach().float().mean() for x in value]).sum()
    return None


def _gradient_norms(
    runner: Runner, wrapper: OptimWrapper | None, optimizer: Optimizer
) -> list[Tensor]:
    """Numbers that are finite only if the gradients are."""
    if wrapper is not None and wrapper.clip_grad_kwargs:
        norm = runner.message_hub.log_scalars.get('train/grad_norm')
        if norm is not None and wrapper.grad_name == 'grad_norm':
            return [torch.tensor(float(norm.current()))]
    gradients = [
        parameter.grad
        for group in optimizer.param_groups
        for parameter in group['params']
        if parameter.grad is not None
    ]
    return [torch.nn.utils.get_total_norm(gradients)] if gradients else []
