"""The tables of landmark layouts."""

import pytest

from trimodal.models.layers import LAYOUTS
from trimodal.models.layers.layouts import TABLES, hand

JOINTS = {
    'hand_21': 21,
    'hand_22': 22,
    'coco_17': 17,
    'body_33': 33,
    'ntu_25': 25,
}
# Edges as published: MediaPipe's HAND_CONNECTIONS and POSE_CONNECTIONS,
# COCO's skeleton (counted from 0), NTU RGB+D's (counted from 1).
HAND = (
    '0-1 1-2 2-3 3-4 0-5 5-6 6-7 7-8 5-9 9-10 10-11 11-12 9-13 13-14 14-15 '
    '15-16 13-17 0-17 17-18 18-19 19-20'
)
POSE = (
    '0-1 1-2 2-3 3-7 0-4 4-5 5-6 6-8 9-10 11-12 11-13 13-15 15-17 15-19 '
    '15-21 17-19 12-14 14-16 16-18 16-20 16-22 18-20 11-23 12-24 23-24 23-25 '
    '24-26 25-27 26-28 27-29 28-30 29-31 30-32 27-31 28-32'
)
COCO = (
    '15-13 13-11 16-14 14-12 11-12 5-11 6-12 5-6 5-7 6-8 7-9 8-10 0-1 0-2 '
    '1-3 2-4'
)
NTU = (
    '1-2 2-21 3-21 4-3 5-21 6-5 7-6 8-7 9-21 10-9 11-10 12-11 13-1 14-13 '
    '15-14 16-15 17-1 18-17 19-18 20-19 22-8 23-8 24-12 25-12'
)


def published(edges: str, first: int = 0) -> set[frozenset[int]]:
    return {
        frozenset(int(v) - first for v in edge.split('-'))
        for edge in edges.split()
    }


def ours(name: str) -> set[frozenset[int]]:
    parents, links = TABLES[name]
    tree = {frozenset(p) for p in enumerate(parents) if p[0] != p[1]}
    return tree | {frozenset(link) for link in links}


def test_every_layout_is_a_tree_of_as_many_joints():
    assert {n: s.num_joints for n, s in LAYOUTS.items()} == JOINTS


@pytest.mark.parametrize(
    ('name', 'edges', 'beside'),
    [
        # Here every finger hangs on the wrist.
        ('hand_21', published(HAND), '0-9 0-13'),
        # Here the mouth and the shoulders hang on the nose.
        ('body_33', published(POSE), '0-9 0-10 0-11 0-12'),
        ('coco_17', published(COCO), '0-5 0-6'),
        ('ntu_25', published(NTU, 1), ''),
    ],
)
def test_edges_are_those_published(name, edges, beside):
    assert ours(name) == edges | published(beside)


def test_dhg_hand_in_its_order():
    """Wrist, palm, then base to tip of thumb, index, ..., little finger."""
    skeleton = LAYOUTS['hand_22']
    hops = skeleton.hops()[skeleton.root]
    assert hops.tolist() == [0, 1, *(1, 2, 3, 4), *(2, 3, 4, 5) * 4]


def test_hand_by_hand():
    assert hand((0, 0), (0, 1), (2, 6)) == (
        (0, 0, 0, 2, 3, 4, 1, 6, 7, 8),
        ((2, 6),),
    )
