"""The confusion matrix, as a file and a picture."""

from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from trimodal.evaluation.functional import confusion_matrix
from trimodal.evaluation.metrics.base import (
    ClassificationMetric,
    LabelRecord,
    labels,
    split_labelled,
)
from trimodal.evaluation.reports import report_path, write_csv
from trimodal.registry import METRICS
from trimodal.visualization.confusion import plot_confusion_matrix


@METRICS.register_module()
class ConfusionMatrix(ClassificationMetric):
    """How often each true class was called each class.

    The matrix goes to ``{stage}_confusion-matrix.csv`` (row: true class,
    column: predicted) beside the log, and is written anew by each
    evaluation. It is not in the result: mmengine would put it into every
    logger and checkpoint.

    Args:
        out_dir (str | None): Folder of the files. Defaults to None: that of
            the current log; without one nothing is written.
        plot (bool): Whether to draw it too, as a PNG. Defaults to False.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Name of the files. Defaults to None:
            'confusion-matrix'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Examples:
        >>> from trimodal.evaluation import ConfusionMatrix
        >>> ConfusionMatrix.calculate([0, 1, 1], [0, 1, 0], num_classes=2)
        array([[1, 1],
               [0, 1]])
    """

    default_prefix = 'confusion-matrix'

    def __init__(
        self,
        out_dir: str | None = None,
        plot: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.out_dir = out_dir
        self.plot = plot

    def compute_metrics(self, results: list[LabelRecord]) -> dict[str, float]:
        """Count, and write the matrix.

        Args:
            results (list[LabelRecord]): What :meth:`process` stored.

        Returns:
            dict[str, float]: ``unlabelled`` if there are any.
        """
        records, counted = split_labelled(results)
        names = self.class_names(records)
        pred, target = labels(records)
        matrix = self.calculate(pred, target, len(names))
        path = report_path(str(self.prefix), '.csv', self.out_dir)
        if path is not None:
            self._write(path, matrix, names)
        return counted

    def _write(self, path: Path, matrix: np.ndarray, names: list[str]) -> None:
        rows = [
            [name, *row]
            for name, row in zip(names, matrix.tolist(), strict=True)
        ]
        write_csv(path, ['true \\ predicted', *names], rows)
        if self.plot:
            plot_confusion_matrix(matrix, names, path.with_suffix('.png'))
        print_log(f'Confusion matrix: {path}', logger='current')

    @staticmethod
    def calculate(
        pred: np.ndarray, target: np.ndarray, num_classes: int
    ) -> np.ndarray:
        """Count on arrays.

        Args:
            pred (np.ndarray): int ``[N]``, predicted classes.
            target (np.ndarray): int ``[N]``, true classes.
            num_classes (int): C.

        Returns:
            np.ndarray: int64 ``[C, C]``; row: true class, column: predicted.
        """
        return confusion_matrix(pred, target, num_classes)
