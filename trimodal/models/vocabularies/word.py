"""One token a word."""

from collections.abc import Iterable, Sequence

from trimodal.models.vocabularies.base import BaseVocabulary
from trimodal.registry import TASK_UTILS


@TASK_UTILS.register_module()
class WordVocabulary(BaseVocabulary):
    """Texts as sequences of words, split at white space.

    Args:
        words (Sequence[str]): The words, each once, in their order.
        unknown (str): What becomes of another word: ``'unk'``, the special
            token, or ``'error'``. Defaults to ``'error'``.

    Raises:
        ValueError: If ``words`` is one string, there are no words, one is
            there twice or has white space in it, or ``unknown`` is none of
            these.

    Examples:
        >>> from trimodal.models.vocabularies import WordVocabulary
        >>> vocabulary = WordVocabulary(['one', 'two'], unknown='unk')
        >>> vocabulary.encode('two  one three')
        [5, 4, 3]
        >>> vocabulary.decode([5, 4, 3])
        'two one'
    """

    def __init__(self, words: Sequence[str], unknown: str = 'error') -> None:
        if isinstance(words, str):
            raise ValueError(
                f'words must be a sequence of words, got the text {words!r}: '
                'give its split()'
            )
        check_words(words, 'words')
        super().__init__(tuple(words), unknown, 'words')

    def split(self, text: str) -> list[str]:
        """The words of a text."""
        return text.split()

    def join(self, symbols: Iterable[str]) -> str:
        """The text of words."""
        return ' '.join(symbols)


def check_words(words: Sequence[str], source: str) -> None:
    """Raise if a word could never come out of a text that is split.

    Raises:
        ValueError: Naming the first that has white space in it.
    """
    for place, word in enumerate(words, 1):
        if isinstance(word, str) and word and word.split() != [word]:
            raise ValueError(
                f'{source}: token {place}, {word!r}, has white space in it, '
                'where texts are split'
            )
