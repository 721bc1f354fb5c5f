"""Of which figures more is better and of which less, by their names."""

# Parts of the names of our metrics' figures. Those of which more is better
# are looked for first.
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
    'mae',
    'mpjpe',
    'wer',
    'cer',
    'motion',
    'label-flips',
)


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
    if any(part in name for part in LOWER_IS_BETTER):
        return 'less'
    return None


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
