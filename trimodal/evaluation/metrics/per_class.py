"""A table of every class, in the log and as a file."""

import numpy as np
from mmengine.logging import print_log

from trimodal.evaluation.functional import class_scores, confusion_matrix
from trimodal.evaluation.metrics.base import (
    ClassificationMetric,
    LabelRecord,
    labels,
    split_labelled,
)
from trimodal.evaluation.reports import (
    Cell,
    report_path,
    text_table,
    write_csv,
)
from trimodal.registry import METRICS

HEADER = (
    'class',
    'precision',
    'recall',
    'f1-score',
    'support',
    'predicted',
    'most often taken for',
)


@METRICS.register_module()
class PerClassTable(ClassificationMetric):
    """Precision, recall, F1, counts and the likeliest mistake, by class.

    The table is printed to the log, with the data set's class names, and
    written to ``{stage}_per-class.csv`` beside it.

    Args:
        out_dir (str | None): Folder of the file. Defaults to None: that of
            the current log; without one nothing is written.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Name of the file. Defaults to None: 'per-class'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Examples:
        >>> from trimodal.evaluation import PerClassTable
        >>> from trimodal.evaluation.reports import text_table
        >>> rows = PerClassTable.calculate(
        ...     pred=[0, 1, 1, 1], target=[0, 1, 1, 0], names=['zero', 'one'])
        >>> rows[0]
        ['zero', 1.0, 0.5, 0.6666666666666666, 2, 1, 'one (1)']
    """

    default_prefix = 'per-class'

    def __init__(
        self,
        out_dir: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.out_dir = out_dir

    def compute_metrics(self, results: list[LabelRecord]) -> dict[str, float]:
        """Print and write the table.

        Args:
            results (list[LabelRecord]): What :meth:`process` stored.

        Returns:
            dict[str, float]: ``unlabelled`` if there are any.
        """
        records, counted = split_labelled(results)
        pred, target = labels(records)
        rows = self.calculate(pred, target, self.class_names(records))
        print_log(f'\n{text_table(HEADER, rows)}', logger='current')
        path = report_path(str(self.prefix), '.csv', self.out_dir)
        if path is not None:
            write_csv(path, HEADER, rows)
        return counted

    @staticmethod
    def calculate(
        pred: np.ndarray, target: np.ndarray, names: list[str]
    ) -> list[list[Cell]]:
        """Make the rows of the table.

        Args:
            pred (np.ndarray): int ``[N]``, predicted classes.
            target (np.ndarray): int ``[N]``, true classes.
            names (list[str]): The classes' names.

        Returns:
            list[list[Cell]]: A row a class: name, precision, recall, F1,
            support, times predicted, and the class it was most often taken
            for with how often ('' if never).
        """
        matrix = confusion_matrix(pred, target, len(names))
        scores = class_scores(matrix, average=None)
        wrong = matrix - np.diag(matrix.diagonal())
        rows: list[list[Cell]] = []
        for i, name in enumerate(names):
            other = int(wrong[i].argmax())
            count = int(wrong[i, other])
            rows.append(
                [
                    name,
                    float(scores.precision[i]),
                    float(scores.recall[i]),
                    float(scores.f1[i]),
                    int(scores.support[i]),
                    int(matrix[:, i].sum()),
                    f'{names[other]} ({count})' if count else '',
                ]
            )
        return rows
