"""Short recordings joined to longer ones, with their transcriptions.

Shape letters: N samples of a waveform.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.checks import (
    check_integer,
    check_number,
    check_range,
)
from trimodal.datasets.transforms.speech import to_float
from trimodal.registry import DATASETS, TRANSFORMS
from trimodal.utils import build


def join_waveforms(
    waveforms: Sequence[np.ndarray],
    gains: Sequence[float],
    pauses: Sequence[int],
    fade: int = 0,
) -> np.ndarray:
    """Put waveforms one after the other, with silence between.

    Each is brought to a peak of 1 first, so that the gains alone say how
    loud it is.

    Args:
        waveforms (Sequence[np.ndarray]): float32 ``[N]`` each.
        gains (Sequence[float]): The peak of each.
        pauses (Sequence[int]): Samples of silence between two of them.
        fade (int): Samples at both ends of each that grow from and fall to
            silence, so that no click marks where one ends. Defaults to 0.

    Returns:
        np.ndarray: float32 ``[N]``.
    """
    gaps = [*pauses, 0]
    total = sum(map(len, waveforms)) + sum(gaps)
    joined, start = np.zeros(total, np.float32), 0
    for waveform, gain, gap in zip(waveforms, gains, gaps, strict=True):
        end = start + len(waveform)
        peak = np.abs(waveform).max(initial=0)
        part = joined[start:end]
        np.multiply(waveform, np.float32(gain / (peak or 1)), out=part)
        ramp = np.linspace(0, 1, fade + 2, dtype=np.float32)[1:-1]
        ramp = ramp[: len(part) // 2]
        part[: len(ramp)] *= ramp
        part[len(part) - len(ramp) :] *= ramp[::-1]
        start = end + gap
    return joined


@TRANSFORMS.register_module()
class JoinClips(ModalityTransform):
    """Make a sentence of a clip and others of the same group.

    The clip takes a random place among random clips of its group (a speaker,
    say), which come from another data set and through that one's pipeline,
    with the same random numbers. A few clips make far more sentences than a
    folder can hold. The transcriptions are joined likewise; what else is
    annotated of a single clip (class, value) is taken away. A clip without
    transcription stays alone.

    Args:
        clips (Mapping | TriModalDataset): The data set of clips, or its
            config. Its pipeline must leave a dict of the same keys, so it
            has no ``PackInputs``; it should be what stands before this
            transform, which the clip itself has been through.
        count (Sequence[int]): Fewest and most clips of a sentence. Defaults
            to (3, 7).
        pause (Sequence[float]): Shortest and longest silence between two, in
            seconds. Defaults to (0.0, 0.2).
        gain (Sequence[float]): Smallest and largest peak of a clip, where 1.0
            is full scale. Defaults to (0.5, 1.0).
        fade (float): Seconds at both ends of a clip that grow from and fall
            to silence. Defaults to 0.005.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key; the rate is read from
            ``{key}_sample_rate``. Defaults to 'speech'.

    Raises:
        ValueError: If a range is none, ``count`` no pair of integers,
            ``fade`` negative or ``prob`` outside [0, 1].
    """

    def __init__(
        self,
        clips: Mapping | Any,
        count: Sequence[int] = (3, 7),
        pause: Sequence[float] = (0.0, 0.2),
        gain: Sequence[float] = (0.5, 1.0),
        fade: float = 0.005,
        prob: float = 1.0,
        key: str = 'speech',
    ) -> None:
        super().__init__(key, prob)
        check_range('count', count, 1)
        self.fewest, self.most = (check_integer('count', n, 1) for n in count)
        self.pause = check_range('pause', pause, 0)
        self.gain = check_range('gain', gain, 0)
        self.fade = check_number('fade', fade, 0)
        self._clips = build(clips, DATASETS)

    @cached_property
    def _groups(self) -> dict[str | None, list[int]]:
        """The clips of each group that have a waveform and a text."""
        groups: dict[str | None, list[int]] = {}
        for index in range(len(self._clips)):
            info = self._clips.get_data_info(index)
            if info.get(self.key) is not None and 'gt_text' in info:
                groups.setdefault(info.get('group'), []).append(index)
        return groups

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Draw the others, and join."""
        if results.get('gt_text') is None:
            return {}
        others = self._draw(results, rng)
        place = int(rng.integers(len(others) + 1))
        parts = [*others[:place], results, *others[place:]]
        rate = results[f'{self.key}_sample_rate']
        pauses = rng.uniform(*self.pause, len(others)) * rate
        joined = join_waveforms(
            [to_float(part[self.key]) for part in parts],
            rng.uniform(*self.gain, len(parts)).tolist(),
            pauses.astype(int).tolist(),
            round(self.fade * rate),
        )
        text = ' '.join(part['gt_text'] for part in parts)
        alone = {'gt_label', 'gt_value'} & set(results)
        return {self.key: joined, 'gt_text': text, **dict.fromkeys(alone)}

    def _draw(
        self, results: Results, rng: np.random.Generator
    ) -> list[Results]:
        """Other clips of the same group, augmented."""
        group = results.get('group')
        if group not in self._groups:
            raise ValueError(
                f'clips must have some of every group; those of group '
                f'{group!r} of sample {results.get("sample_id")!r} are '
                f'lacking: {sorted(map(str, self._groups))}'
            )
        count = int(rng.integers(self.fewest, self.most + 1)) - 1
        drawn = []
        for index in rng.choice(self._groups[group], count).tolist():
            info = {**self._clips.get_data_info(index), 'rng': rng}
            drawn.append(self._clips.pipeline(info))
        return drawn
