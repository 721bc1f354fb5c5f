"""One token a character."""

from collections.abc import Iterable, Sequence

from trimodal.models.vocabularies.base import BaseVocabulary
from trimodal.registry import TASK_UTILS


@TASK_UTILS.register_module()
class CharVocabulary(BaseVocabulary):
    """Texts as sequences of characters.

    Args:
        characters (str | Sequence[str]): The characters, each once, in their
            order; a space counts like any other.
        unknown (str): What becomes of another character: ``'unk'``, the
            special token, or ``'error'``. Defaults to ``'error'``.

    Raises:
        ValueError: If there are no characters, one is there twice or is no
            single character, or ``unknown`` is none of these.

    Examples:
        >>> from trimodal.models.vocabularies import CharVocabulary
        >>> vocabulary = CharVocabulary('abc ')
        >>> len(vocabulary), vocabulary.encode('ab c')
        (8, [4, 5, 7, 6])
        >>> vocabulary.decode([4, 5, 7, 6, vocabulary.eos, 4])
        'ab c'
    """

    def __init__(
        self, characters: str | Sequence[str], unknown: str = 'error'
    ) -> None:
        for place, character in enumerate(characters, 1):
            if not isinstance(character, str) or len(character) != 1:
                raise ValueError(
                    'characters must be single characters, got '
                    f'{character!r} at {place}'
                )
        super().__init__(tuple(characters), unknown, 'characters')

    def split(self, text: str) -> list[str]:
        """The characters of a text."""
        return list(text)

    def join(self, symbols: Iterable[str]) -> str:
        """The text of characters."""
        return ''.join(symbols)
