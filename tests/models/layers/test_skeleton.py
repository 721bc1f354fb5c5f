"""Landmark layouts."""

import pytest
import torch

from trimodal.models.layers import Skeleton, build_skeleton


def test_hand_has_21_joints_in_five_fingers():
    hand = build_skeleton('hand_21')
    assert hand.num_joints == 21
    assert hand.root == 0
    hops = hand.hops()
    # Every finger tip is four bones from the wrist.
    assert hops[0, [4, 8, 12, 16, 20]].tolist() == [4.0] * 5
    # The knuckles of neighbouring fingers are linked across the palm.
    assert hops[5, 9] == hops[9, 13] == hops[13, 17] == 1
    assert torch.equal(hops, hops.T)


def test_adjacency_by_hand():
    # 0 - 1 - 2, and 3 on 1
    parts = Skeleton((0, 0, 1, 1)).adjacency(2)
    third, quarter = 1 / 3, 0.25
    # Joint 1 reaches all within a step, the others within two.
    assert torch.equal(parts[0], torch.eye(4) * quarter)
    assert parts[1][0].tolist() == [0, quarter, 0, 0]
    assert parts[2][0].tolist() == [0, 0, quarter, quarter]
    near = Skeleton((0, 0, 1, 1)).adjacency(1)
    assert near[1][0].tolist() == [0, 0.5, 0, 0]
    assert near[1][1].tolist() == [quarter, 0, quarter, quarter]
    assert near.sum((0, 2)).tolist() == [1.0] * 4
    assert third not in near.flatten().tolist()


def test_spatial_partition_by_hand():
    # 0 - 1 - 2, and 3 on 1; 2 and 3 are linked and equally far from 0.
    parts = Skeleton((0, 0, 1, 1), links=((2, 3),)).partition('spatial')
    same, nearer, farther = parts
    third, half, quarter = 1 / 3, 0.5, 0.25
    assert same.diag().tolist() == pytest.approx([half, quarter, third, third])
    assert same[2, 3] == same[3, 2] == pytest.approx(third)
    assert nearer[1].tolist() == [quarter, 0, 0, 0]
    assert nearer[2].tolist() == pytest.approx([0, third, 0, 0])
    assert farther[0].tolist() == [0, half, 0, 0]
    assert farther[1].tolist() == [0, 0, quarter, quarter]
    assert not nearer[0].any()
    assert not farther[2].any()
    torch.testing.assert_close(parts.sum((0, 2)), torch.ones(4))


@pytest.mark.parametrize('hops', [0, 1, 3])
def test_partitions_share_out_the_same_neighbours(hops):
    hand = build_skeleton('hand_21')
    distance = hand.partition('distance', hops)
    assert torch.equal(distance, hand.adjacency(hops))
    spatial = hand.partition('spatial', hops)
    torch.testing.assert_close(spatial.sum(0), distance.sum(0))
    assert len(spatial) == 3
    assert ((spatial != 0).sum(0) <= 1).all()


def test_bad_partitions():
    with pytest.raises(ValueError, match=r"partition .*'finger'"):
        build_skeleton('hand_21').partition('finger')
    with pytest.raises(ValueError, match='max_hops'):
        build_skeleton('hand_21').partition('distance', -1)


def test_layout_of_ones_own():
    skeleton = build_skeleton({'parents': [1, 1, 1], 'links': [[0, 2]]})
    assert skeleton.root == 1
    assert skeleton.hops()[0, 2] == 1


@pytest.mark.parametrize(
    ('layout', 'message'),
    [
        ('foot', "layout .*hand_21.*'foot'"),
        ({'links': []}, "layout must have 'parents'"),
        ({'parents': [0], 'edges': []}, 'edges'),
        ({'parents': []}, 'parents'),
        ({'parents': [0, 7]}, r'0 to 1, got \[7\]'),
        ({'parents': [0, 1]}, r'one root.*\[0, 1\]'),
        ({'parents': [1, 2, 1]}, r'one root.*\[\]'),
        ({'parents': [0, 2, 1]}, 'every joint'),
        ({'parents': [0, 0], 'links': [(0, 5)]}, r'\[5\]'),
    ],
)
def test_bad_layouts(layout, message):
    with pytest.raises(ValueError, match=message):
        build_skeleton(layout)
