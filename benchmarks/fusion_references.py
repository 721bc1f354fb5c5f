"""What attention-based fusions consist of: their linear layers and attention.

One class a fusion, of the same name: ``nn.Linear`` and
``scaled_dot_product_attention`` with the shapes, number and masks of the
method, chained where the results allow it. No normalisation, activation,
residual, pooling or concatenation; what these would give is put in as a
parameter (``leaf``), so that a gradient flows to it as well.

Shape letters: B batch, T steps of each of three streams, C channels.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from itertools import permutations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.structures import Tokens

Tensors = dict[str, Tensor]
HEADS, LAYERS, BATCH = 8, 2, 2


def leaf(*shape: int) -> nn.Parameter:
    """Something that was put together before, by other calls."""
    return nn.Parameter(torch.randn(shape))


class Attention(nn.Module):
    """Multi-head attention from ``x`` to ``y``, or to ``x`` itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inputs = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(
        self, x: Tensor, mask: Tensor, y: Tensor | None = None
    ) -> Tensor:
        """Look at what is True in ``mask``."""
        if y is None:
            q, k, v = self.inputs(x).chunk(3, dim=-1)
        else:
            width = x.shape[-1]
            weight, bias = self.inputs.weight, self.inputs.bias
            q = F.linear(x, weight[:width], bias[:width])
            k, v = F.linear(y, weight[width:], bias[width:]).chunk(2, dim=-1)
        q, k, v = (
            part.unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for part in (q, k, v)
        )
        x = F.scaled_dot_product_attention(q, k, v, mask[:, None, None])
        return self.output(x.transpose(1, 2).flatten(2))


def feedforward(width: int) -> nn.Sequential:
    """Two linear layers."""
    return nn.Sequential(
        nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
    )


class Block(nn.Module):
    """Attention, then two linear layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = Attention(width)
        self.feedforward = feedforward(width)

    def forward(
        self, x: Tensor, mask: Tensor, y: Tensor | None = None
    ) -> Tensor:
        """As :class:`Attention`."""
        return self.feedforward(self.attention(x, mask, y))


class Reference(nn.Module, ABC):
    """A linear layer for each stream; the classes below add the rest.

    Args:
        names (tuple[str, ...]): The modalities.
        width (int): Channels of streams and result.
        length (int): Steps of each stream.
    """

    def __init__(
        self, names: tuple[str, ...], width: int, length: int
    ) -> None:
        super().__init__()
        self.names, self.width, self.length = names, width, length
        self.pairs = tuple(permutations(names, 2))
        self.projections = self.each(lambda: nn.Linear(width, width))
        self._build()

    def each(self, make: Callable[[], nn.Module]) -> nn.ModuleDict:
        """A module for each modality."""
        return nn.ModuleDict({name: make() for name in self.names})

    def each_pair(self, make: Callable[[], nn.Module]) -> nn.ModuleDict:
        """A module for each two modalities, both ways."""
        return nn.ModuleDict({f'{a}_{b}': make() for a, b in self.pairs})

    def forward(self, streams: Mapping[str, Tokens]) -> list[Tensor]:
        """Make all calls, and give what no later call takes."""
        x = {n: self.projections[n](s.x) for n, s in streams.items()}
        return self._call(x, {n: s.mask for n, s in streams.items()})

    @abstractmethod
    def _build(self) -> None:
        """Make the layers behind the projections."""

    @abstractmethod
    def _call(self, x: Tensors, masks: Tensors) -> list[Tensor]:
        """Make the calls behind the projections."""


def join(masks: Tensors, more: int = 0) -> Tensor:
    """The masks one after the other, and ``more`` that are True."""
    return F.pad(torch.cat([*masks.values()], dim=1), (0, more), value=True)


class SelfAttentionFusion(Reference):
    """Blocks over all steps."""

    def _build(self) -> None:
        self.joined = leaf(BATCH, len(self.names) * self.length, self.width)
        self.blocks = nn.ModuleList(Block(self.width) for _ in range(LAYERS))

    def _call(self, x: Tensors, masks: Tensors) -> list[Tensor]:
        joined, mask = self.joined, join(masks)
        for block in self.blocks:
            joined = block(joined, mask)
        return [*x.values(), joined]


class CrossModalAttentionFusion(Reference):
    """Layers of attention for every pair and feed-forward for every one."""

    num_layers = LAYERS

    def _build(self) -> None:
        width, layers = self.width, range(self.num_layers)
        self.attention = nn.ModuleList(
            self.each_pair(lambda: Attention(width)) for _ in layers
        )
        self.feedforwards = nn.ModuleList(
            self.each(lambda: feedforward(width)) for _ in layers
        )

    def _call(self, x: Tensors, masks: Tensors) -> list[Tensor]:
        results: list[Tensor] = []
        for attention, feed in zip(
            self.attention, self.feedforwards, strict=True
        ):
            found = {
                (a, b): attention[f'{a}_{b}'](x[a], masks[b], x[b])
                for a, b in self.pairs
            }
            results += found.values()
            # Of the two that a modality found, one goes on.
            last = {a: y for (a, _), y in found.items()}
            x = {name: feed[name](y) for name, y in last.items()}
        return [*results, *x.values()]


class MulTFusion(Reference):
    """Blocks for every pair, blocks of twice the width, linear layers."""

    def _build(self) -> None:
        width, wide = self.width, (len(self.names) - 1) * self.width
        self.cross = nn.ModuleList(
            self.each_pair(lambda: Block(width)) for _ in range(LAYERS)
        )
        self.seen = nn.ParameterDict(
            {name: leaf(BATCH, self.length, wide) for name in self.names}
        )
        self.memory = self.each(lambda: Block(wide))
        self.mixes = self.each(lambda: nn.Linear(wide, width, bias=False))

    def _call(self, x: Tensors, masks: Tensors) -> list[Tensor]:
        results = []
        for a, b in self.pairs:
            y = x[a]
            for blocks in self.cross:
                y = blocks[f'{a}_{b}'](y, masks[b], x[b])
            results.append(y)
        for name in self.names:
            y = self.memory[name](self.seen[name], masks[name])
            results.append(self.mixes[name](y))
        return results


class BottleneckFusion(Reference):
    """Blocks over the steps, a class token and four bottleneck tokens."""

    def _build(self) -> None:
        steps = self.length + 5
        self.both = nn.ParameterDict(
            {name: leaf(BATCH, steps, self.width) for name in self.names}
        )
        self.blocks = nn.ModuleList(
            self.each(lambda: Block(self.width)) for _ in range(LAYERS)
        )

    def _call(self, x: Tensors, masks: Tensors) -> list[Tensor]:
        results = [*x.values()]
        for name in self.names:
            y, mask = self.both[name], F.pad(masks[name], (5, 0), value=True)
            for blocks in self.blocks:
                y = blocks[name](y, mask)
            results.append(y)
        return results


class HierarchicalFusion(CrossModalAttentionFusion):
    """One such layer, then linear layers and a block over three vectors."""

    num_layers = 1

    def _build(self) -> None:
        super()._build()
        width, count = self.width, len(self.names)
        self.pooled = leaf(BATCH, 2 * width)
        self.decided = leaf(BATCH, 2 * width)
        self.vectors = leaf(BATCH, count, width)
        self.present = torch.ones(BATCH, count, dtype=torch.bool)
        self.meanings = self.each(lambda: nn.Linear(2 * width, width))
        self.relate = Block(width)
        self.decisions = self.each(
            lambda: nn.Sequential(
                nn.Linear(2 * width, width), nn.Linear(width, width)
            )
        )

    def _call(self, x: Tensors, masks: Tensors) -> list[Tensor]:
        results = super()._call(x, masks)
        results += [layer(self.pooled) for layer in self.meanings.values()]
        results += [self.relate(self.vectors, self.present)]
        results += [layer(self.decided) for layer in self.decisions.values()]
        return results


class PerceiverFusion(Reference):
    """Sixteen latents look at all steps and themselves."""

    def _build(self) -> None:
        steps = len(self.names) * self.length + 16
        self.seen = leaf(BATCH, steps, self.width)
        self.latents = leaf(BATCH, 16, self.width)
        self.blocks = nn.ModuleList(Block(self.width) for _ in range(LAYERS))

    def _call(self, x: Tensors, masks: Tensors) -> list[Tensor]:
        latents, mask = self.latents, join(masks, more=16)
        for block in self.blocks:
            latents = block(latents, mask, self.seen)
        return [*x.values(), latents]


class AttentionPoolingFusion(Reference):
    """Four queries look at all steps."""

    def _build(self) -> None:
        steps = len(self.names) * self.length
        self.seen = leaf(BATCH, steps, self.width)
        self.queries = leaf(BATCH, 4, self.width)
        self.block = Block(self.width)

    def _call(self, x: Tensors, masks: Tensors) -> list[Tensor]:
        found = self.block(self.queries, join(masks), self.seen)
        return [*x.values(), found]


REFERENCES = {
    reference.__name__: reference
    for reference in (
        AttentionPoolingFusion,
        PerceiverFusion,
        SelfAttentionFusion,
        CrossModalAttentionFusion,
        MulTFusion,
        BottleneckFusion,
        HierarchicalFusion,
    )
}
