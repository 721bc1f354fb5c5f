"""Which joints of a landmark layout are connected.

Shape letters: V joints, K hops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trimodal.models.layers.checks import check_choice, check_not_negative
from trimodal.models.layers.layouts import TABLES

PARTITIONS = ('distance', 'spatial')


@dataclass(frozen=True)
class Skeleton:
    """A tree of joints, with links beside the tree.

    Args:
        parents (tuple[int, ...]): The parent of each joint; the root is its
            own.
        links (tuple[tuple[int, int], ...]): Pairs of joints that are
            connected though neither is the other's parent. Defaults to ().

    Raises:
        ValueError: If a joint number does not exist, or the joints do not
            form one tree.

    Examples:
        >>> Skeleton(parents=(0, 0, 1)).adjacency(1)[1]
        tensor([[0.0000, 0.5000, 0.0000],
                [0.3333, 0.0000, 0.3333],
                [0.0000, 0.5000, 0.0000]])
    """

    parents: tuple[int, ...]
    links: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        named = [
            *self.parents,
            *(joint for link in self.links for joint in link),
        ]
        wrong = [
            joint for joint in named if not 0 <= joint < len(self.parents)
        ]
        if wrong or not self.parents:
            raise ValueError(
                f'parents and links must name joints 0 to '
                f'{len(self.parents) - 1}, got {wrong}'
            )
        roots = [v for v, parent in enumerate(self.parents) if v == parent]
        if len(roots) != 1:
            raise ValueError(
                'parents must have one root, a joint that is its own parent, '
                f'got {roots}'
            )
        if bool(torch.isinf(self.hops()).any()):
            raise ValueError(
                f'parents must lead every joint to the root, got '
                f'{self.parents}'
            )

    @property
    def num_joints(self) -> int:
        """How many joints there are."""
        return len(self.parents)

    @property
    def root(self) -> int:
        """The joint that the others hang on, such as the wrist."""
        return next(v for v, p in enumerate(self.parents) if v == p)

    def hops(self) -> Tensor:
        """Float ``[V, V]``: the steps from each joint to each other."""
        hops = torch.full((self.num_joints,) * 2, float('inf'))
        hops.fill_diagonal_(0)
        for a, b in [*enumerate(self.parents), *self.links]:
            if a != b:
                hops[a, b] = hops[b, a] = 1
        for middle in range(self.num_joints):
            around = hops[:, middle, None] + hops[None, middle]
            hops = torch.minimum(hops, around)
        return hops

    def adjacency(self, max_hops: int) -> Tensor:
        """The averaging matrices, apart by distance.

        The distance partition of `Spatial Temporal Graph Convolutional
        Networks <https://arxiv.org/abs/1801.07455>`_: entry ``[k, i, j]`` is
        non-zero where j is k steps from i, and each row sums to 1 over j and
        k.

        Args:
            max_hops (int): Largest distance that counts.

        Returns:
            Tensor: float32 ``[K, V, V]`` with ``K = max_hops + 1``.
        """
        hops = self.hops()
        reach = (hops <= max_hops).sum(1, keepdim=True)
        steps = torch.arange(max_hops + 1).view(-1, 1, 1)
        return (hops == steps) / reach

    def partition(self, kind: str, max_hops: int = 1) -> Tensor:
        """The averaging matrices, apart by what joints are to each other.

        Args:
            kind (str): ``'distance'``, see :meth:`adjacency`; or
                ``'spatial'``, the spatial configuration of section 3.3 of
                the same paper: as far from the root as the joint itself
                (itself among them), nearer (centripetal), farther
                (centrifugal), in three matrices. Distances are counted in
                steps.
            max_hops (int): Largest distance that counts. Defaults to 1.

        Returns:
            Tensor: float32 ``[K, V, V]``, each row sums to 1 over j and k.

        Raises:
            ValueError: If ``kind`` is neither or ``max_hops`` is negative.
        """
        check_choice('partition', kind, PARTITIONS)
        check_not_negative(max_hops=max_hops)
        whole = self.adjacency(max_hops)
        if kind == 'distance':
            return whole
        depth = self.hops()[self.root]
        farther = (depth[None] - depth[:, None]).sign()
        signs = torch.tensor([0.0, -1.0, 1.0]).view(-1, 1, 1)
        return whole.sum(0) * (farther == signs)


LAYOUTS = {name: Skeleton(*table) for name, table in TABLES.items()}

Layout = str | Mapping[str, Sequence]


def build_skeleton(layout: Layout) -> Skeleton:
    """Look a layout up by name, or make one from its parents and links.

    Args:
        layout (str | Mapping[str, Sequence]): ``'hand_21'`` (MediaPipe),
            ``'hand_22'`` (DHG-14/28, SHREC'17), ``'coco_17'``, ``'body_33'``
            (MediaPipe) or ``'ntu_25'``; or a mapping with ``parents`` and
            optionally ``links``.

    Returns:
        Skeleton: The skeleton.

    Raises:
        ValueError: If the name is unknown or the mapping has other keys.
    """
    if isinstance(layout, str):
        if layout not in LAYOUTS:
            raise ValueError(
                f'layout must be one of {sorted(LAYOUTS)} or a mapping with '
                f"'parents', got {layout!r}"
            )
        return LAYOUTS[layout]
    if 'parents' not in layout or set(layout) - {'parents', 'links'}:
        raise ValueError(
            "layout must have 'parents' and may have 'links', got keys "
            f'{sorted(layout)}'
        )
    links = tuple((a, b) for a, b in layout.get('links', ()))
    return Skeleton(tuple(layout['parents']), links)
