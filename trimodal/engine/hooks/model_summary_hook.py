"""The model's modules in the log when a training begins."""

from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.engine.hooks.schedules import unwrapped
from trimodal.registry import HOOKS
from trimodal.utils.forward_once import (
    evaluating,
    first_sample,
    forward_hooks,
    model_arguments,
    only_hooks,
)
from trimodal.utils.model_summary import format_summary, summarize_model


@HOOKS.register_module()
class ModelSummaryHook(Hook):
    """Logs parameters, shapes and operations of every module.

    Shapes and operations are those of the first training sample: the model
    sees it once more, in evaluation, and nothing of that remains: what other
    hooks have hung on the model's forward pass since the run began is not
    called. What counts as an operation is told in
    :func:`~trimodal.utils.model_summary.summarize_model`. Of any config, also
    without data, ``tools/analysis_tools/model_summary.py`` says the same.

    Args:
        depth (int): How deep to go. Defaults to 2.
        log_graph (bool): Whether loggers that draw graphs (TensorBoard) get
            the model's. Defaults to False.

    Raises:
        ValueError: If ``depth`` is negative.
    """

    def __init__(self, depth: int = 2, log_graph: bool = False) -> None:
        if depth < 0:
            raise ValueError(f'depth must be at least 0, got {depth}')
        self.depth = depth
        self.log_graph = log_graph
        self._done = False
        self._own: set[int] = set()

    def before_run(self, runner: Runner) -> None:
        """Note the forward hooks that the model itself is made of.

        Such as those of weight norm; others come in ``before_train``.
        """
        self._own = forward_hooks(unwrapped(runner))

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Summarise before the first iteration."""
        if self._done:
            return
        self._done = True
        if not is_main_process():
            return
        model = unwrapped(runner)
        with evaluating(model), only_hooks(model, self._own):
            arguments = model_arguments(model, first_sample(data_batch))
            rows = summarize_model(
                model, lambda: model(**arguments, mode='tensor')
            )
            if self.log_graph:
                runner.visualizer.add_graph(model, arguments)
        table = format_summary(rows, self.depth)
        runner.logger.info(f'The model, for one sample:\n{table}')
