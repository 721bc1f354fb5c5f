"""The demo's commands: what is said, gestured and shown for each.

A command has three bits (a, b, c). The spoken word tells a and b, the
gesture b and c, the object a and c. Hence, with ideal senses,

- **one** modality leaves two of the eight commands open: 50 % at best
  (4 words, 4 gestures, 4 objects; chance is 12.5 %);
- **any two** tell all three bits: 100 %;
- **all three** tell every bit twice: 100 %, also where one is absent.

Two commands that differ in one bit alone are told apart by two modalities
and not by the third: a by word and object, b by word and gesture, c by
gesture and object.

The regression target of a sample is the mean of three numbers between 0 and
1, of which each modality shows one: how fast the word is spoken, how fast
the gesture is made, how large the object is.
"""

from dataclasses import dataclass

from trimodal.datasets.converters.demo_hand import GESTURES
from trimodal.datasets.converters.demo_picture import OBJECTS

COMMAND_WORDS = ('raise', 'lower', 'show', 'move')


@dataclass(frozen=True)
class Command:
    """What makes a command."""

    word: str
    gesture: str
    shown: str

    @property
    def name(self) -> str:
        """Its class name."""
        return f'{self.word}-{self.gesture}-{self.shown}'


def _command(a: int, b: int, c: int) -> Command:
    return Command(
        COMMAND_WORDS[2 * a + b], GESTURES[2 * b + c], OBJECTS[2 * a + c]
    )


COMMANDS = tuple(
    _command(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)
)


@dataclass(frozen=True)
class DemoOptions:
    """Size and seed of a demo data set.

    Args:
        num_train (int): Samples for training. Defaults to 400.
        num_val (int): Defaults to 100.
        num_test (int): Defaults to 100.
        seed (int): Defaults to 0.
    """

    num_train: int = 400
    num_val: int = 100
    num_test: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Check that there is a sample of each command."""
        for name in ('num_train', 'num_val', 'num_test'):
            value = getattr(self, name)
            if value < len(COMMANDS):
                raise ValueError(
                    f'{name} must be at least {len(COMMANDS)}, one of each '
                    f'command, got {value}'
                )
        if self.seed < 0:
            raise ValueError(f'seed must be 0 or larger, got {self.seed}')

    @property
    def sizes(self) -> dict[str, int]:
        """Samples by split."""
        return {
            'train': self.num_train,
            'val': self.num_val,
            'test': self.num_test,
        }
