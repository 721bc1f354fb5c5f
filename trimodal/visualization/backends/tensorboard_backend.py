"""TensorBoard: scalars, pictures, texts and the model's graph."""

import warnings
from collections.abc import Mapping
from typing import Any

from mmengine.visualization import (
    TensorboardVisBackend as _TensorboardVisBackend,
)
from torch import Tensor, nn

from trimodal.registry import VISBACKENDS
from trimodal.utils.tensors import tensors_of, with_tensors


@VISBACKENDS.register_module()
class TensorboardVisBackend(_TensorboardVisBackend):
    """mmengine's, with the model's graph and what the run was made with.

    Arguments are those of mmengine's :class:`TensorboardVisBackend`, whose
    ``add_graph`` does nothing. All curves are over the iterations; what comes
    from validations and tests is named ``val/...`` and ``test/...``, see
    :class:`~trimodal.engine.hooks.LoggerHook`. A picture stands at the step
    that it is given with.
    """

    # Asks for it: where the training is, set before validations and tests.
    iteration = 0

    def add_graph(
        self,
        model: nn.Module,
        data_batch: Mapping[str, Any],  # type: ignore[override]
        **kwargs: Any,
    ) -> None:
        """Draw the model as it is called for a batch.

        Args:
            model (nn.Module): An mmengine model.
            data_batch (Mapping[str, Any]): Its keyword arguments, from the
                data preprocessor.
            **kwargs (Any): Passed over.
        """
        tensors = tuple(tensors_of(data_batch))
        view = _GraphView(model, data_batch)
        with warnings.catch_warnings():
            # A trace is of this batch: that is what is asked for.
            warnings.simplefilter('ignore')
            self.experiment.add_graph(view, tensors, use_strict_trace=False)

    def add_scalars(
        self,
        scalar_dict: dict,
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Write scalars; the iteration is their step, and no curve."""
        values = {k: v for k, v in scalar_dict.items() if k != 'iter'}
        super().add_scalars(values, step)

    def add_run_info(self, info: Mapping[str, Any]) -> None:
        """Write what a run was made with, as a table among the texts.

        Args:
            info (Mapping[str, Any]): Values by name.
        """
        rows = [
            f'| {key} | {_cell(value)} |'
            for key, value in flatten(info).items()
        ]
        text = '\n'.join(['| what | value |', '|---|---|', *rows])
        self.experiment.add_text('run_info', text)

    def flush(self) -> None:
        """Write out what is waiting, up to two minutes of it."""
        if self._env_initialized:
            self.experiment.flush()


class _GraphView(nn.Module):
    """A model of tensors only, as tracing needs it."""

    def __init__(self, model: nn.Module, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self.model = model
        self._arguments = arguments
        self.train(model.training)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        arguments = with_tensors(self._arguments, iter(tensors))
        return tuple(tensors_of(self.model(**arguments, mode='tensor')))


def flatten(item: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """Nested mappings as one, with dots between the names.

    Examples:
        >>> flatten({'a': 1, 'b': {'c': 2}})
        {'a': 1, 'b.c': 2}
    """
    flat: dict[str, Any] = {}
    for key, value in item.items():
        name = f'{prefix}{key}'
        if isinstance(value, Mapping):
            flat |= flatten(value, f'{name}.')
        else:
            flat[name] = value
    return flat


def _cell(value: Any) -> str:
    return str(value).replace('|', '\\|').replace('\n', ' ')
