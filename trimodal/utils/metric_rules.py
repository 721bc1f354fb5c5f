"""Of which figures more is better and of which less, by their names."""

import re

# Parts of the names of our metrics' figures. Those of which more is better
# are looked for first; the others count as whole words: 'emotion/f1' is no
# 'motion', and 'answer/f1' no 'wer'.
HIGHER_IS_BETTER = (
    'accuracy',
    'single-label',
    'roc-auc',
    'multi-label/map',
    'multi-label/f1',
    'multi-label/exact_match',
    'coco/',
    'regression/r2',
    'pearson',
    'spearman',
    'ccc',
    'pck',
    'bleu',
    'chrf',
)
LOWER_IS_BETTER = (
    'loss',
    'calibration',
    'hamming',
    'mse',
    'rmse',
    'mae',
    'mpjpe',
    'wer',
    'cer',
    'motion',
    'label-flips',
)
_LOWER = re.compile(f'(?<![a-z])({"|".join(LOWER_IS_BETTER)})(?![a-z])')


def rule_of(name: str) -> str | None:
    """What of a figure is better, as hooks call it.

    Args:
        name (str): The figure's name.

    Returns:
        str | None: 'greater', 'less', or None if the name does not tell.

    Examples:
        >>> from trimodal.utils.metric_rules import rule_of
        >>> rule_of('accuracy/top1'), rule_of('text/wer'), rule_of('beauty')
        ('greater', 'less', None)
    """
    name = name.lower()
    if any(part in name for part in HIGHER_IS_BETTER):
        return 'greater'
    return 'less' if _LOWER.search(name) else None


def lower_is_better(name: str) -> bool:
    """Whether less of a figure is better; if nobody knows, more is.

    Args:
        name (str): The figure's name.

    Returns:
        bool: Whether.

    Examples:
        >>> from trimodal.utils.metric_rules import lower_is_better
        >>> lower_is_better('text/wer'), lower_is_better('beauty')
        (True, False)
    """
    return rule_of(name) == 'less'
