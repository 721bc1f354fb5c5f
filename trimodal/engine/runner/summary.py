"""The figures of a test, as a table."""

from collections.abc import Mapping
from typing import Any

from trimodal.evaluation.reports import text_table


def format_metrics(metrics: Mapping[str, Any]) -> str:
    """Lay out the numbers of a test, a line each.

    Args:
        metrics (Mapping[str, Any]): Metric name to value; what is no number
            is left out.

    Returns:
        str: Lines without a newline at the end, in Markdown.

    Examples:
        >>> from trimodal.engine.runner.summary import format_metrics
        >>> print(format_metrics({'text/wer': 0.125, 'text/unannotated': 3}))
        | metric           | value  |
        |------------------|--------|
        | text/wer         | 0.1250 |
        | text/unannotated | 3      |
    """
    values = {
        name: value.item() if getattr(value, 'ndim', 1) == 0 else value
        for name, value in metrics.items()
    }
    rows = [
        (name, f'{value:.4f}' if isinstance(value, float) else str(value))
        for name, value in values.items()
        if isinstance(value, int | float)
    ]
    return text_table(('metric', 'value'), rows)
