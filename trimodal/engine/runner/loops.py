"""A test loop that scores every subset of the modalities."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.evaluator import Evaluator
from mmengine.runner import Runner, TestLoop
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader

from trimodal.evaluation.reports import reports_of
from trimodal.registry import LOOPS


def subsets(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """Every non-empty subset, single ones first, all of them last.

    Examples:
        >>> subsets(['speech', 'image'])
        [('speech',), ('image',), ('speech', 'image')]
    """
    sizes = range(1, len(modalities) + 1)
    chosen = (itertools.combinations(modalities, size) for size in sizes)
    return list(itertools.chain.from_iterable(chosen))


@LOOPS.register_module()
class SubsetTestLoop(TestLoop):
    """Tests once for each subset of the modalities.

    The model sees the other modalities as absent. A metric is named after
    its subset, such as ``speech+image/accuracy/top1``; the results with all
    modalities are also there under their plain names. Files that metrics write
    are named so too (``test_speech+image_coco.bbox.json``), those of all
    modalities plainly. One table is logged.

    Args:
        runner (Runner): The runner.
        dataloader (DataLoader | dict): Loader of the test set or its config.
        evaluator (Evaluator | dict | list): Metrics or their configs.
        fp16 (bool): Whether to test under autocast. Defaults to False.
        modalities (Sequence[str], optional): Which to combine. Defaults to
            None: all of the model's.

    Raises:
        ValueError: If the model has no ``enabled_modalities``, or not all
            of ``modalities``.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: Evaluator | dict | list,
        fp16: bool = False,
        modalities: Sequence[str] | None = None,
    ) -> None:
        super().__init__(runner, dataloader, evaluator, fp16)
        self._model = _fusion_model(runner.model)
        known = tuple(self._model.modalities)
        self.modalities = known if modalities is None else tuple(modalities)
        unknown = sorted(set(self.modalities) - set(known))
        if unknown or not self.modalities:
            raise ValueError(
                f'modalities={list(self.modalities)}: must be some of the '
                f"model's {list(known)}"
            )

    @property
    def passes(self) -> int:
        """How often the test set is gone through."""
        return 2 ** len(self.modalities) - 1

    def run(self) -> dict[str, Any]:
        """Test every subset.

        Returns:
            dict[str, Any]: The metrics of all subsets.
        """
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        self.runner.model.eval()
        enabled = self._model.enabled_modalities
        rows, metrics = {}, {}
        try:
            for subset in subsets(self.modalities):
                self._model.enabled_modalities = subset
                name = '+'.join(subset)
                with reports_of(None if subset == self.modalities else name):
                    metrics = self._test()
                rows[name] = _numbers(metrics)
        finally:
            self._model.enabled_modalities = enabled
        for name, row in rows.items():
            metrics.update({f'{name}/{key}': row[key] for key in row})
        self.runner.call_hook('after_test_epoch', metrics=metrics)
        self.runner.call_hook('after_test')
        self.runner.logger.info('\n' + format_rows(rows))
        return metrics

    def _test(self) -> dict[str, Any]:
        for index, batch in enumerate(self.dataloader):
            self.run_iter(index, batch)
        return self.evaluator.evaluate(len(self.dataloader.dataset))


def format_rows(rows: Mapping[str, Mapping[str, float]]) -> str:
    """A table with a line per subset and a column per metric.

    Args:
        rows (Mapping): Subset name to metric name to value.

    Returns:
        str: Plain text of several lines.
    """
    columns = list(dict.fromkeys(key for row in rows.values() for key in row))
    table = Table('modalities', *columns, box=None, pad_edge=False)
    for name, row in rows.items():
        cells = (f'{row[key]:.4g}' if key in row else '' for key in columns)
        table.add_row(name, *cells)
    width = 40 + sum(len(column) + 4 for column in columns)
    console = Console(width=width, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    lines = capture.get().rstrip().splitlines()
    return '\n'.join(line.rstrip() for line in lines)


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The scalar ones: a confusion matrix per subset would fill pages."""
    numbers = {}
    for key, value in metrics.items():
        if isinstance(value, int | float) or getattr(value, 'ndim', 1) == 0:
            numbers[key] = float(value)
    return numbers


def _fusion_model(model: Any) -> Any:
    """Inside wrappers such as DDP and test-time augmentation."""
    while not hasattr(model, 'enabled_modalities'):
        if not hasattr(model, 'module'):
            raise ValueError(
                f'{type(model).__name__} has no enabled_modalities: only a '
                'model that can do without a modality can be tested so'
            )
        model = model.module
    return model
