"""Texts: word and character error rate, BLEU and chrF."""

from collections.abc import Sequence
from typing import Any

from trimodal.evaluation.functional.text import TEXT_ITEMS, text_scores
from trimodal.evaluation.metrics.annotated import (
    AnnotatedMetric,
    check_choices,
)
from trimodal.registry import METRICS


@METRICS.register_module()
class TextMetric(AnnotatedMetric):
    """Compares ``pred_text`` with ``gt_text``, over all samples together.

    Results: ``text/wer`` and ``text/cer`` (by jiwer; errors per word or
    character of the references, 0 is best, above 1 is possible),
    ``text/bleu`` and ``text/chrf`` (by sacrebleu; 0 to 100, 100 is best);
    see :func:`~trimodal.evaluation.functional.text_scores`. An empty
    reference counts: what is predicted for it are insertions.

    Args:
        metrics (Sequence[str]): Which of 'wer', 'cer', 'bleu' and 'chrf'.
            Defaults to ('wer', 'cer').
        lowercase (bool): Whether upper and lower case are the same. Defaults
            to False.
        strip (bool): Whether to drop white space at both ends and make any
            other one space. Defaults to True.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None: 'text'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If a metric is unknown.

    Examples:
        >>> from trimodal.evaluation import TextMetric
        >>> TextMetric.calculate(
        ...     pred=['One  too'], target=['one two'], metrics=('wer',),
        ...     lowercase=True)
        {'wer': 0.5}
    """

    default_prefix = 'text'
    prediction = 'pred_text'
    annotations = ('gt_text',)

    def __init__(
        self,
        metrics: Sequence[str] = ('wer', 'cer'),
        lowercase: bool = False,
        strip: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.metrics = check_choices('metrics', metrics, TEXT_ITEMS)
        self.lowercase = lowercase
        self.strip = strip

    def pair(self, sample: dict[str, Any], annotation: str) -> tuple[str, str]:
        """Prediction and reference."""
        return sample[self.prediction], sample[annotation]

    def figures(self, pairs: list[tuple[str, str]]) -> dict[str, float]:
        """Compute the figures.

        Args:
            pairs (list[tuple[str, str]]): Predictions and references.

        Returns:
            dict[str, float]: A number for each metric.
        """
        return self.calculate(
            [pred for pred, _ in pairs],
            [target for _, target in pairs],
            self.metrics,
            self.lowercase,
            self.strip,
        )

    @staticmethod
    def calculate(
        pred: Sequence[str],
        target: Sequence[str],
        metrics: Sequence[str] = ('wer', 'cer'),
        lowercase: bool = False,
        strip: bool = True,
    ) -> dict[str, float]:
        """Compute the figures on lists of texts.

        Args:
            pred (Sequence[str]): ``N`` predicted texts.
            target (Sequence[str]): ``N`` references.
            metrics (Sequence[str]): Which figures. Defaults to ('wer',
                'cer').
            lowercase (bool): As in the class. Defaults to False.
            strip (bool): As in the class. Defaults to True.

        Returns:
            dict[str, float]: A number for each metric.
        """
        return text_scores(
            [_normal(text, lowercase, strip) for text in pred],
            [_normal(text, lowercase, strip) for text in target],
            metrics,
        )


def _normal(text: str, lowercase: bool, strip: bool) -> str:
    text = ' '.join(text.split()) if strip else text
    return text.lower() if lowercase else text
