"""Alignment by contrast.

Shape letters: see :mod:`trimodal.structures.streams`; E channels of the common
space.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.aligners.base import BaseAligner, check_names
from trimodal.models.layers import MaskedPooling, init_transformer
from trimodal.models.layers.checks import check_positive, check_widths
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Tokens
from trimodal.utils import build


@MODELS.register_module()
class ContrastiveAligner(BaseAligner):
    """Brings what belongs to one sample together, in a common space.

    `InfoNCE <https://arxiv.org/abs/1807.03748>`_ between every two modalities
    as in `CLIP <https://arxiv.org/abs/2103.00020>`_: each stream is pooled and
    projected, and each sample's vectors are to be told from those of all other
    samples. The loss teaches the encoders; the streams themselves pass
    unchanged, and the projections are used in training only. To go on in a
    common space, put a
    :class:`~trimodal.models.aligners.projection.ProjectionAligner` before it.

    Args:
        modalities (Sequence[str]): The modalities to align, at least two.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        embed_dims (int): Channels of the common space. Defaults to 128.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        loss (Mapping | nn.Module): The loss or its config, with similarity,
            temperature and weight; called with vectors and which are present,
            and given ``embed_dims`` as its ``channels``. Defaults to
            :class:`~trimodal.models.losses.contrastive.InfoNCELoss`, cosine.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``modalities`` are not two or more different ones,
            ``in_channels`` does not fit them, ``pooling`` is unknown or
            ``embed_dims`` not positive.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        embed_dims: int = 128,
        pooling: str = 'mean',
        loss: Mapping | nn.Module = {'type': 'InfoNCELoss'},  # noqa: B006
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.modalities = check_names(modalities)
        widths = check_widths(self.modalities, in_channels)
        check_positive(embed_dims=embed_dims)
        self.poolings = nn.ModuleDict(
            {n: MaskedPooling(pooling, width) for n, width in widths.items()}
        )
        self.projections = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.LayerNorm(width, eps=NORM_EPS),
                    nn.Linear(width, embed_dims, bias=False),
                )
                for name, width in widths.items()
            }
        )
        self.projections.apply(init_transformer)
        self.loss_module = build(loss, MODELS, channels=embed_dims)

    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """Pass the streams on.

        Args:
            tokens (Mapping[str, Tokens]): A stream per modality.

        Returns:
            dict[str, Tokens]: The same.
        """
        return dict(tokens)

    def embed(self, tokens: Mapping[str, Tokens]) -> tuple[Tensor, Tensor]:
        """Where the streams lie in the common space.

        Args:
            tokens (Mapping[str, Tokens]): A stream per modality.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, M, E]``, zero where absent, and
            bool ``[B, M]``: which are present.

        Raises:
            ValueError: If a stream is missing.
        """
        missing = [n for n in self.modalities if n not in tokens]
        if missing:
            raise ValueError(
                f'tokens must have each of {self.modalities}, absent samples '
                f'masked; got {sorted(tokens)}'
            )
        streams = {name: tokens[name] for name in self.modalities}
        present = torch.stack([s.present for s in streams.values()], dim=1)
        vectors = [
            self.projections[name](self.poolings[name](s.x, s.mask))
            for name, s in streams.items()
        ]
        x = torch.stack(vectors, dim=1)
        return x.masked_fill(~present.unsqueeze(2), 0), present

    def loss(self, tokens: Mapping[str, Tokens]) -> dict[str, Tensor]:
        """The contrast between every two modalities.

        Args:
            tokens (Mapping[str, Tokens]): What :meth:`forward` returned.

        Returns:
            dict[str, Tensor]: ``loss_contrastive``.
        """
        return {'loss_contrastive': self.loss_module(*self.embed(tokens))}
