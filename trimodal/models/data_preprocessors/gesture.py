"""Landmark sequences to padded joint, bone and motion streams.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from trimodal.models.data_preprocessors.base import (
    BasePreprocessor,
    Batch,
    check_samples,
    longest,
)
from trimodal.models.layers.checks import check_choice, check_positive
from trimodal.models.layers.skeleton import Layout, build_skeleton
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput

STREAMS = ('joint', 'bone', 'motion', 'bone_motion')


@MODELS.register_module()
class GesturePreprocessor(BasePreprocessor):
    """Pads landmark sequences and derives what a hand graph likes to see.

    A sample is float ``[T, H, V, D]``, D coordinates, not finite where that
    hand is not seen in that frame. Streams, side by side as channels (the four
    of `Skeleton-Based Action Recognition with Multi-Stream Adaptive Graph
    Convolutional Networks <https://arxiv.org/abs/1912.06971>`_):

    - ``joint``: the landmarks.
    - ``bone``: from each joint's parent to it; zero at the root.
    - ``motion``: from the frame before; zero unless the hand is seen in both.
    - ``bone_motion``: of the bones, likewise.

    Args:
        streams (Sequence[str]): Which streams, in which order. Defaults to
            ('joint', 'bone', 'motion').
        normalize (str | None): For landmarks that are not normalised yet.
            ``'frame'`` moves each hand's root to the origin and scales the
            root mean square distance of its joints to 1, in each frame by
            itself; ``'sequence'`` does so with one centre and one scale for
            all frames and hands of a sample, which keeps the path of the hand.
            Defaults to None.
        num_hands (int): H. Defaults to 2.
        layout (str | Mapping): Name of the landmark layout, or its parents
            and links. Defaults to ``'hand_21'``.
        coordinates (int): D, 2 or 3. Defaults to 3.

    Raises:
        ValueError: If ``streams`` is empty or names an unknown one,
            ``normalize``, ``coordinates`` or ``layout`` is unknown, or
            ``num_hands`` is not positive.
    """

    parents: Tensor

    def __init__(
        self,
        streams: Sequence[str] = STREAMS[:3],
        normalize: str | None = None,
        num_hands: int = 2,
        layout: Layout = 'hand_21',
        coordinates: int = 3,
    ) -> None:
        super().__init__()
        if not streams:
            raise ValueError(f'streams must name some of {STREAMS}, got none')
        for stream in streams:
            check_choice('streams', stream, STREAMS)
        check_choice('normalize', normalize, ('frame', 'sequence', None))
        check_choice('coordinates', coordinates, (2, 3))
        check_positive(num_hands=num_hands)
        skeleton = build_skeleton(layout)
        self.streams = tuple(streams)
        self.normalize = normalize
        self.num_hands = num_hands
        self.coordinates = coordinates
        self.root = skeleton.root
        self.register_buffer(
            'parents', torch.tensor(skeleton.parents), persistent=False
        )

    @torch.no_grad()
    def forward(self, batch: Batch, training: bool = False) -> ModalityInput:
        """Make a batch of landmark features.

        Args:
            batch (Sequence[Tensor | None]): Landmarks ``[T, H, V, D]``.
            training (bool): Changes nothing: landmarks are augmented as
                arrays. Defaults to False.

        Returns:
            ModalityInput: data float32 ``[B, T, H, V, C]`` with D channels a
            stream, mask bool ``[B, T, H]``.

        Raises:
            ValueError: If the batch is empty or a sample's shape is another.
        """
        shape = [self.num_hands, len(self.parents), self.coordinates]
        check_samples(batch, 'gesture', [None, *shape])
        frames, *_ = longest(batch, 4, [1, *shape])
        x = torch.full(
            (len(batch), frames, *shape), torch.nan, device=self.device
        )
        for row, sample in zip(x, batch, strict=True):
            if sample is not None:
                row[: len(sample)].copy_(sample)
        mask = x.isfinite().flatten(3).all(-1)
        x = x.masked_fill(~mask[..., None, None], 0)
        if self.normalize is not None:
            x = self._normalise(x, mask)
        made = [getattr(self, f'_{name}')(x, mask) for name in self.streams]
        return ModalityInput(torch.cat(made, dim=-1), mask)

    def _normalise(self, x: Tensor, mask: Tensor) -> Tensor:
        spread = mask[..., None, None]
        root = x[..., self.root : self.root + 1, :]
        # What is averaged: a hand in a frame, or a sample.
        dims = [3, 4] if self.normalize == 'frame' else [1, 2, 3, 4]
        if self.normalize == 'sequence':
            seen = spread.sum([1, 2], keepdim=True).clamp(min=1)
            root_mean = root.sum([1, 2], keepdim=True) / seen
        else:
            root_mean = root
        # The size is that of the hand itself, not of its path.
        size = (x - root).square().sum(dims, keepdim=True)
        joints = spread.expand(-1, -1, -1, x.shape[3], -1)
        count = joints.sum(dims, keepdim=True).clamp(min=1)
        scale = (size / count).sqrt().clamp(min=1e-6)
        return ((x - root_mean) / scale).masked_fill(~spread, 0)

    def _joint(self, x: Tensor, mask: Tensor) -> Tensor:
        return x

    def _bone(self, x: Tensor, mask: Tensor) -> Tensor:
        return x - x[..., self.parents, :]

    def _motion(self, x: Tensor, mask: Tensor) -> Tensor:
        both = (mask[:, 1:] & mask[:, :-1])[..., None, None]
        motion = torch.zeros_like(x)
        motion[:, 1:] = (x[:, 1:] - x[:, :-1]).masked_fill(~both, 0)
        return motion

    def _bone_motion(self, x: Tensor, mask: Tensor) -> Tensor:
        return self._motion(self._bone(x, mask), mask)
