"""Tokens from a file, one a line."""

from collections.abc import Iterable
from pathlib import Path

from trimodal.models.layers.checks import check_choice
from trimodal.models.vocabularies.base import BaseVocabulary
from trimodal.models.vocabularies.word import check_words
from trimodal.registry import TASK_UTILS


@TASK_UTILS.register_module()
class FileVocabulary(BaseVocabulary):
    """Words or characters that a UTF-8 file lists, one a line.

    A line's number is its place among the tokens: the order of the file
    belongs to a trained model as its weights do.

    Args:
        path (str): The file. Its last line may end without a line break.
        unit (str): What a text is split into: ``'word'``, at white space, or
            ``'character'``. Defaults to ``'word'``.
        unknown (str): What becomes of another symbol: ``'unk'``, the special
            token, or ``'error'``. Defaults to ``'error'``.

    Raises:
        ValueError: If ``unit`` or ``unknown`` is none of these, the file
            can't be read as UTF-8, or a line is empty, special, there twice
            or not one symbol.
    """

    def __init__(
        self, path: str, unit: str = 'word', unknown: str = 'error'
    ) -> None:
        check_choice('unit', unit, ('word', 'character'))
        tokens = _read_lines(path)
        if unit == 'word':
            check_words(tokens, path)
        for line, token in enumerate(tokens, 1):
            if unit == 'character' and len(token) > 1:
                raise ValueError(
                    f'{path}: token {line} must be a single character, got '
                    f"{token!r}; words need unit='word'"
                )
        super().__init__(tokens, unknown, path)
        self.unit = unit

    def split(self, text: str) -> list[str]:
        """The words or characters of a text."""
        return text.split() if self.unit == 'word' else list(text)

    def join(self, symbols: Iterable[str]) -> str:
        """The text of words or characters."""
        return (' ' if self.unit == 'word' else '').join(symbols)


def _read_lines(path: str) -> list[str]:
    """The lines, without their breaks only: a space is a character."""
    try:
        # No universal newlines beyond \n, \r\n and \r: a line may well hold
        # one of the other characters that splitlines() breaks at.
        text = Path(path).read_text(encoding='utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f'path {path!r} is no UTF-8 file: {error}') from None
    return text.removesuffix('\n').split('\n') if text else []
