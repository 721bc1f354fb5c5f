"""What many fusions do to each stream: project it, normalise it, pool it.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from trimodal.models.layers.pooling import MaskedPooling
from trimodal.models.layers.transformer import INIT_STD, NORM_EPS
from trimodal.structures import Tokens


class StreamMap(nn.ModuleDict):
    """A module of its own for each modality, applied step by step.

    Args:
        modules (Mapping[str, nn.Module]): The module of each modality.
    """

    def forward(self, streams: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """Apply each module to its stream.

        Args:
            streams (Mapping[str, Tokens]): A stream per modality.

        Returns:
            dict[str, Tokens]: The same keys, masked again to zero.
        """
        return {n: s.with_x(self[n](s.x)) for n, s in streams.items()}

    def join(self, streams: Mapping[str, Tokens]) -> tuple[Tensor, Tensor]:
        """Apply each module, and put the results one after the other.

        For what masks by itself, as attention does: the masked steps are
        left as they come, which saves a copy.

        Args:
            streams (Mapping[str, Tokens]): A stream per modality.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, T, C]``, without meaning where
            masked, and the mask, bool ``[B, T]``; ``T`` is the sum of the
            lengths.
        """
        x = torch.cat([self[n](s.x) for n, s in streams.items()], dim=1)
        return x, torch.cat([s.mask for s in streams.values()], dim=1)


class StreamProjections(StreamMap):
    """Brings every stream to the same width, by a linear layer of its own.

    The layer's bias tells the streams apart: it is the modality's embedding.

    Args:
        in_channels (Mapping[str, int]): Channels of each stream.
        out_channels (int): Channels of all of them afterwards.
        norm (bool): Whether layer normalisation and GELU follow. Defaults to
            False.
    """

    def __init__(
        self,
        in_channels: Mapping[str, int],
        out_channels: int,
        norm: bool = False,
    ) -> None:
        def layers(width: int) -> nn.Module:
            linear = nn.Linear(width, out_channels)
            if not norm:
                return linear
            normed = nn.LayerNorm(out_channels, eps=NORM_EPS)
            return nn.Sequential(linear, normed, nn.GELU())

        super().__init__({n: layers(w) for n, w in in_channels.items()})


class StreamNorms(StreamMap):
    """A layer normalisation of its own for each stream.

    Args:
        modalities (Iterable[str]): The modalities.
        embed_dims (int): Channels of all streams.
    """

    def __init__(self, modalities: Iterable[str], embed_dims: int) -> None:
        super().__init__(
            {n: nn.LayerNorm(embed_dims, eps=NORM_EPS) for n in modalities}
        )


class StreamPoolings(nn.ModuleDict):
    """Each stream to one vector; one without a real step gives zeros.

    Args:
        modalities (Iterable[str]): The modalities.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or
            ``'attention'``.
        embed_dims (int): Channels of all streams.

    Raises:
        ValueError: If ``pooling`` is none of these.
    """

    def __init__(
        self, modalities: Iterable[str], pooling: str, embed_dims: int
    ) -> None:
        super().__init__(
            {n: MaskedPooling(pooling, embed_dims) for n in modalities}
        )

    def forward(self, streams: Mapping[str, Tokens]) -> Tensor:
        """Pool streams (float ``[B, T, C]``) to float ``[B, M, C]``."""
        pooled = [self[n](s.x, s.mask) for n, s in streams.items()]
        return torch.stack(pooled, dim=1)


class VectorMap(nn.ModuleDict):
    """A module of its own for each modality's vector.

    Args:
        modules (Mapping[str, nn.Module]): The module of each modality, in the
            order of the vectors.
    """

    def forward(self, vectors: Tensor) -> Tensor:
        """Map vectors (float ``[B, M, C]``) to float ``[B, M, C']``."""
        parts = [
            module(vectors[:, index])
            for index, module in enumerate(self.values())
        ]
        return torch.stack(parts, dim=1)


class StreamMixes(VectorMap):
    """What each modality adds to a linear layer over all of them.

    A linear layer over a concatenation is a sum of one part per modality;
    here the parts are kept apart: float ``[B, M, C]`` becomes float ``[B, M,
    out_channels]``.

    Args:
        modalities (Iterable[str]): The modalities.
        in_channels (int): Channels of each modality's vector.
        out_channels (int): Channels of the sum.
    """

    def __init__(
        self, modalities: Iterable[str], in_channels: int, out_channels: int
    ) -> None:
        super().__init__(
            {
                name: nn.Linear(in_channels, out_channels, bias=False)
                for name in modalities
            }
        )


def learned_vectors(*shape: int) -> nn.Parameter:
    """A parameter of small random numbers: embeddings, queries, tokens."""
    vectors = nn.Parameter(torch.empty(*shape))
    nn.init.trunc_normal_(vectors, std=INIT_STD)
    return vectors
