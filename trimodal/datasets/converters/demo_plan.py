"""The demo's people, and which of them gives which command how."""

from dataclasses import dataclass

import numpy as np

from trimodal.datasets.converters.demo_design import (
    COMMANDS,
    Command,
    DemoOptions,
)
from trimodal.datasets.converters.demo_picture import (
    Placed,
    place_objects,
    random_colour,
)
from trimodal.datasets.converters.demo_speech import Voice
from trimodal.datasets.converters.files import random_stream

_PEOPLE = {'train': 16, 'val': 4, 'test': 4}
_LACKING = 0.08  # of the samples lack one modality
_SKINS = ((235, 190, 160), (224, 172, 138), (198, 134, 98), (150, 98, 70))
_FRAMES = (9, 13)  # of the fastest and the slowest gesture


@dataclass(frozen=True)
class Person:
    """A made-up person: a voice, a hand and a room."""

    name: str
    voice: Voice
    left_handed: bool
    skin: tuple[float, float, float]
    palm: float  # pixels
    wall: tuple[float, float, float]

    @classmethod
    def draw(cls, number: int, seed: int) -> 'Person':
        """The person of that number."""
        rng = random_stream(seed, 'person', number)
        # Every other person has a higher voice and a shorter vocal tract.
        high = number % 2
        voice = Voice(
            pitch=rng.uniform(*((170, 240) if high else (90, 150))),
            tract=rng.uniform(*((1.08, 1.2) if high else (0.95, 1.08))),
            breath=rng.uniform(0.1, 0.6),
            melody=rng.uniform(0.05, 0.35),
        )
        shade = np.array(_SKINS[rng.integers(len(_SKINS))])
        skin = shade * rng.uniform(0.9, 1.05)
        red, green, blue = skin.tolist()
        return cls(
            name=f'person_{number:02d}',
            voice=voice,
            left_handed=bool(rng.uniform() < 0.3),
            skin=(red, green, blue),
            palm=rng.uniform(32.0, 39.0),
            wall=random_colour(rng, 0.2, rng.uniform(0.6, 0.95)),
        )


@dataclass(frozen=True)
class DemoSample:
    """All that the files of one sample depend on.

    ``speed``, ``pace`` and ``extent`` are between 0 and 1: of the speech,
    of the gesture, and the size of the object. ``lacks`` is the absent
    modality's media field, or None.
    """

    id: str
    split: str
    label: int
    person: Person
    words: tuple[str, ...]
    speed: float
    pace: float
    extent: float
    lacks: str | None
    seed: int

    @property
    def command(self) -> Command:
        """The command given."""
        return COMMANDS[self.label]

    @property
    def frames(self) -> int:
        """Length of the video."""
        fast, slow = _FRAMES
        return round(slow + (fast - slow) * self.pace)

    def objects(self) -> list[Placed]:
        """What is in the picture, 30 to 60 % of its size."""
        extent = 0.3 + 0.3 * self.extent
        return place_objects(self.command.shown, extent, self.stream('place'))

    def stream(self, use: str) -> np.random.Generator:
        """The sample's own random numbers for one use."""
        return random_stream(self.seed, self.id, use)


def plan_samples(options: DemoOptions) -> list[DemoSample]:
    """Draw all samples; each command comes equally often from each person.

    Args:
        options (DemoOptions): Size and seed.

    Returns:
        list[DemoSample]: By split and number.
    """
    samples, first = [], 0
    for split, size in options.sizes.items():
        people = [
            Person.draw(first + number, options.seed)
            for number in range(_PEOPLE[split])
        ]
        first += len(people)
        samples += [
            _plan(split, number, people, options.seed)
            for number in range(size)
        ]
    return samples


def _plan(
    split: str, number: int, people: list[Person], seed: int
) -> DemoSample:
    name = f'{split}_{number:05d}'
    rng = random_stream(seed, name, 'plan')
    label = number % len(COMMANDS)
    person = people[number // len(COMMANDS) % len(people)]
    word = COMMANDS[label].word
    sentences = ((word,), (word, 'now'), ('now', word))
    sentence = sentences[rng.choice(3, p=(0.6, 0.2, 0.2))]
    speed, pace, extent = rng.uniform(0.0, 1.0, 3).round(3).tolist()
    lacks = None
    if rng.uniform() < _LACKING:
        fields = ('speech_path', 'video_path', 'image_path')
        lacks = fields[rng.integers(len(fields))]
    return DemoSample(
        id=name,
        split=split,
        label=label,
        person=person,
        words=sentence,
        speed=speed,
        pace=pace,
        extent=extent,
        lacks=lacks,
        seed=seed,
    )
