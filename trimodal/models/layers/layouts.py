"""Landmark layouts by name: the parent of each joint, and further links.

The root is its own parent.
"""

from typing import NamedTuple


class LayoutTable(NamedTuple):
    """One layout.

    Args:
        parents (tuple[int, ...]): The parent of each joint.
        links (tuple[tuple[int, int], ...]): Pairs of joints connected beside
            the tree. Defaults to ().
    """

    parents: tuple[int, ...]
    links: tuple[tuple[int, int], ...] = ()


def hand(
    palm: tuple[int, ...], roots: tuple[int, ...], *links: tuple[int, int]
) -> LayoutTable:
    """A hand: the palm's joints, then four a finger, thumb first.

    Args:
        palm (tuple[int, ...]): Parents of the joints before the thumb's.
        roots (tuple[int, ...]): The joint that each finger hangs on.
        *links (tuple[int, int]): Pairs connected beside the tree.

    Returns:
        LayoutTable: ``len(palm) + 4 * len(roots)`` joints.

    Examples:
        >>> hand((0,), (0, 0)).parents
        (0, 0, 1, 2, 3, 0, 5, 6, 7)
    """
    parents = list(palm)
    for root in roots:
        first = len(parents)
        parents += [root, first, first + 1, first + 2]
    return LayoutTable(tuple(parents), links)


# fmt: off
TABLES = {
    # MediaPipe's hand: wrist; thumb CMC, MCP, IP, tip; MCP, PIP, DIP, tip of
    # index, middle, ring and little finger. Knuckles are linked.
    'hand_21': hand((0,), (0,) * 5, (5, 9), (9, 13), (13, 17)),
    # DHG-14/28 and SHREC'17: wrist, palm; base, two joints, tip of thumb,
    # index, middle, ring and little finger. The thumb hangs on the wrist,
    # the others on the palm; their bases are linked.
    'hand_22': hand(
        (0, 0), (0, 1, 1, 1, 1), (6, 10), (10, 14), (14, 18)
    ),
    # COCO's body: nose, eyes, ears, shoulders, elbows, wrists, hips, knees,
    # ankles, left before right. Shoulders and hips are linked.
    'coco_17': LayoutTable(
        (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
        ((5, 6), (11, 12)),
    ),
    # MediaPipe's pose: nose; left eye, right eye (inner, middle, outer);
    # ears; mouth; shoulders, elbows, wrists; little, index finger, thumb;
    # hips, knees, ankles, heels, toes, left before right. The pose itself
    # leaves mouth and shoulders unconnected to the head: here they hang on
    # the nose.
    'body_33': LayoutTable(
        (0, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16,
         15, 16, 15, 16, 11, 12, 23, 24, 25, 26, 27, 28, 29, 30),
        ((9, 10), (11, 12), (23, 24), (17, 19), (18, 20), (27, 31),
         (28, 32)),
    ),
    # NTU RGB+D's Kinect body, counted from 0: spine base 0, middle 1, neck
    # 2, head 3; left arm 4-7, right arm 8-11; left leg 12-15, right leg
    # 16-19; the root, the spine at the shoulders, 20; left hand's tip 21 and
    # thumb 22, right hand's tip 23 and thumb 24.
    'ntu_25': LayoutTable(
        (1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17,
         18, 20, 7, 7, 11, 11),
    ),
}
# fmt: on
