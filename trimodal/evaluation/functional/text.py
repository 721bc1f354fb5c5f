"""Figures on texts, by jiwer and sacrebleu."""

from collections.abc import Callable, Sequence

Texts = Sequence[str]


def text_scores(
    pred: Texts, target: Texts, items: Sequence[str] | None = None
) -> dict[str, float]:
    """Error rates and overlaps over all texts together.

    - ``wer``, ``cer``: insertions, deletions and substitutions of words or
      characters per word or character of the references, by jiwer; 0 is
      best, above 1 is possible. An empty reference is one whose every
      predicted word is an insertion. If all of them are empty there is
      nothing to divide by: the number of insertions then, as in jiwer.
    - ``bleu``, ``chrf``: by sacrebleu with its defaults (BLEU-4 with
      tokenizer 13a and exponential smoothing; chrF2 with character 6-grams),
      0 to 100, 100 is best.

    Args:
        pred (Sequence[str]): ``N`` predicted texts.
        target (Sequence[str]): ``N`` references.
        items (Sequence[str] | None): Which of :data:`TEXT_ITEMS`. Defaults
            to None: all of them.

    Returns:
        dict[str, float]: A number for each item; NaN without texts.

    Raises:
        ValueError: If there are more of one than of the other.

    Examples:
        >>> from trimodal.evaluation.functional import text_scores
        >>> text_scores(['one too'], ['one two'], items=('wer', 'cer'))
        {'wer': 0.5, 'cer': 0.14285714285714285}
    """
    if len(pred) != len(target):
        raise ValueError(
            f'pred and target must be of one length, got {len(pred)} and '
            f'{len(target)} texts'
        )
    chosen = TEXT_ITEMS if items is None else items
    if not len(target):
        return dict.fromkeys(chosen, float('nan'))
    pred, target = list(pred), list(target)
    return {item: float(_ITEMS[item](pred, target)) for item in chosen}


# The libraries are imported late: those who score no texts need not wait.
def _wer(pred: list[str], target: list[str]) -> float:
    import jiwer

    return jiwer.process_words(target, pred).wer


def _cer(pred: list[str], target: list[str]) -> float:
    import jiwer

    return jiwer.process_characters(target, pred).cer


def _bleu(pred: list[str], target: list[str]) -> float:
    import sacrebleu

    return sacrebleu.corpus_bleu(pred, [target]).score


def _chrf(pred: list[str], target: list[str]) -> float:
    import sacrebleu

    return sacrebleu.corpus_chrf(pred, [target]).score


_ITEMS: dict[str, Callable[[list[str], list[str]], float]] = {
    'wer': _wer,
    'cer': _cer,
    'bleu': _bleu,
    'chrf': _chrf,
}
TEXT_ITEMS = tuple(_ITEMS)
