"""Which detected hand goes into which slot: left into 0, right into 1."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from trimodal.datasets.preparation.filters import MIDDLE_FINGER_MCP, WRIST

LEFT, RIGHT = 0, 1


@dataclass(frozen=True)
class Hand:
    """A hand found in a frame.

    Args:
        landmarks (np.ndarray): float ``[V, 3]`` in one unit for x, y and z.
        side (int): 0 for a left hand, 1 for a right one.
        score (float): How sure that is, 0..1.
    """

    landmarks: np.ndarray
    side: int
    score: float

    @property
    def size(self) -> float:
        """From wrist to middle-finger MCP."""
        bone = self.landmarks[MIDDLE_FINGER_MCP] - self.landmarks[WRIST]
        return float(np.linalg.norm(bone))

    def distance(self, other: 'Hand') -> float:
        """Mean distance of the joints in the picture, in own sizes."""
        apart = (self.landmarks - other.landmarks)[:, :2]
        return float(np.linalg.norm(apart, axis=1).mean() / (self.size or 1))


@dataclass
class _Track:
    """One hand followed through neighbouring frames."""

    hands: dict[int, Hand] = field(default_factory=dict)

    @property
    def vote(self) -> float:
        """Above 0 for a right hand, below for a left one."""
        return sum(
            hand.score if hand.side == RIGHT else -hand.score
            for hand in self.hands.values()
        )


def assign_slots(
    frames: Sequence[Sequence[Hand]], num_joints: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give every hand of a video a slot.

    A detector takes a left hand for a right one in single frames. So a hand
    is followed from frame to frame (to the nearest one within its own size)
    and keeps one slot as long as it can be followed: the one that most
    frames vote for, weighted by their score. Where two hands of the same
    side are seen together, the surer one keeps the slot and the other takes
    the free one. Two hands in the same place are one, found twice: the surer
    one stays.

    Args:
        frames (Sequence[Sequence[Hand]]): At most two hands a frame.
        num_joints (int): V.

    Returns:
        tuple[np.ndarray, np.ndarray]: float64 ``[T, 2, V, 3]`` landmarks,
        NaN where a slot has no hand, and float64 ``[T, 2]`` scores, 0 there.
    """
    landmarks = np.full((len(frames), 2, num_joints, 3), np.nan)
    taken = np.zeros((len(frames), 2), bool)
    scores = np.zeros((len(frames), 2))
    tracks = _follow([_without_twins(hands) for hands in frames])
    for track in sorted(tracks, key=lambda t: abs(t.vote), reverse=True):
        steps = list(track.hands)
        wanted = RIGHT if track.vote > 0 else LEFT
        if taken[steps, wanted].any() and not taken[steps, 1 - wanted].any():
            wanted = 1 - wanted
        for step, hand in track.hands.items():
            slot = 1 - wanted if taken[step, wanted] else wanted
            taken[step, slot] = True
            landmarks[step, slot] = hand.landmarks
            scores[step, slot] = hand.score
    return landmarks, scores


def _without_twins(hands: Sequence[Hand]) -> list[Hand]:
    kept: list[Hand] = []
    for hand in sorted(hands, key=lambda h: h.score, reverse=True):
        if all(other.distance(hand) > 0.5 for other in kept):
            kept.append(hand)
    return kept


def _follow(frames: Sequence[Sequence[Hand]]) -> list[_Track]:
    tracks: list[_Track] = []
    current: list[_Track] = []
    for step, hands in enumerate(frames):
        pairs = sorted(
            (track.hands[step - 1].distance(hand), old, new)
            for old, track in enumerate(current)
            for new, hand in enumerate(hands)
        )
        found: dict[int, _Track] = {}
        for distance, old, new in pairs:
            track = current[old]
            if distance <= 1 and new not in found and step not in track.hands:
                track.hands[step] = hands[new]
                found[new] = track
        for new, hand in enumerate(hands):
            if new not in found:
                found[new] = _Track({step: hand})
                tracks.append(found[new])
        current = list(found.values())
    return tracks
