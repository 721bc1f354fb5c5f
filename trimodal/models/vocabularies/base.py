"""What every vocabulary is: symbols with numbers, specials in front."""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Sequence

from trimodal.models.layers.checks import check_choice

SPECIALS = ('<pad>', '<bos>', '<eos>', '<unk>')


class BaseVocabulary(metaclass=ABCMeta):
    """From a text to the numbers of its tokens, and back.

    The first four numbers are special: padding, which is the blank of CTC
    too, the begin and the end of a text, and what is not in the vocabulary.
    The tokens follow in the order given.

    Args:
        tokens (Sequence[str]): The tokens, each once, without the special
            ones.
        unknown (str): What becomes of a symbol that is no token: ``'unk'``,
            the special token, or ``'error'``. Defaults to ``'error'``.
        source (str): What errors name as the origin of ``tokens``. Defaults
            to ``'tokens'``.

    Raises:
        ValueError: If ``unknown`` is none of these, there are no tokens, one
            is no string, empty, a special one or there twice.
    """

    pad = blank = 0
    bos, eos, unk = 1, 2, 3

    def __init__(
        self,
        tokens: Sequence[str],
        unknown: str = 'error',
        source: str = 'tokens',
    ) -> None:
        check_choice('unknown', unknown, ('unk', 'error'))
        check_tokens(tokens, source)
        self.unknown = unknown
        self.source = source
        self.tokens: tuple[str, ...] = (*SPECIALS, *tokens)
        self._numbers = {t: n for n, t in enumerate(tokens, len(SPECIALS))}

    def __len__(self) -> int:
        """How many tokens there are, the special ones among them."""
        return len(self.tokens)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}({len(self)} tokens, '
            f'unknown={self.unknown!r})'
        )

    @abstractmethod
    def split(self, text: str) -> list[str]:
        """The symbols of a text."""

    @abstractmethod
    def join(self, symbols: Iterable[str]) -> str:
        """The text of symbols."""

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's tokens, without begin and end.

        Args:
            text (str): Any text.

        Returns:
            list[int]: One number a symbol.

        Raises:
            ValueError: If a symbol is no token and ``unknown`` is
                ``'error'``.
        """
        symbols = self.split(text)
        numbers = [self._numbers.get(symbol, self.unk) for symbol in symbols]
        if self.unknown == 'error' and self.unk in numbers:
            place = numbers.index(self.unk)
            raise ValueError(
                f'symbol {symbols[place]!r}, number {place} of the text '
                f'{text!r}, is not among the {len(self) - len(SPECIALS)} '
                f"tokens of {self.source}: add it, or set unknown='unk'"
            )
        return numbers

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of tokens, up to the first end, without special tokens.

        Args:
            numbers (Iterable[int]): Numbers of tokens.

        Returns:
            str: The text.

        Raises:
            ValueError: If a number is no token's.
        """
        symbols = []
        for number in map(int, numbers):
            if not 0 <= number < len(self):
                raise ValueError(
                    f'token numbers must lie in [0, {len(self)}), got {number}'
                )
            if number == self.eos:
                break
            if number >= len(SPECIALS):
                symbols.append(self.tokens[number])
        return self.join(symbols)


def check_tokens(tokens: Sequence[str], source: str) -> None:
    """Raise unless there are tokens, each a string of its own.

    Raises:
        ValueError: Naming the first that is wrong, and where it stands.
    """
    if not tokens:
        raise ValueError(f'{source} must have at least one token, got none')
    seen: dict[str, int] = {}
    for place, token in enumerate(tokens, 1):
        if not isinstance(token, str) or not token:
            raise ValueError(
                f'{source}: token {place} must be a string that is not '
                f'empty, got {token!r}'
            )
        if token in SPECIALS:
            raise ValueError(
                f'{source}: token {place}, {token!r}, is special and always '
                'there: leave it out'
            )
        if token in seen:
            raise ValueError(
                f'{source}: token {place}, {token!r}, stands already at '
                f'{seen[token]}'
            )
        seen[token] = place
