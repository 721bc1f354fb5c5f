"""Detection: boxes in one of the streams, from queries.

Shape letters: see :mod:`trimodal.structures.streams`; N cells, Q queries, D
layers of the decoder, K logits of a query.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from trimodal.models.heads.base import BaseHead, Samples
from trimodal.models.heads.box_samples import add_instances, box_targets
from trimodal.models.heads.detr_losses import detection_losses
from trimodal.models.heads.detr_network import DETRNetwork
from trimodal.models.layers.box_decoder import BoxDecoder
from trimodal.models.layers.checks import (
    check_choice,
    check_not_negative,
    check_positive,
    check_probability,
)
from trimodal.models.layers.dense_boxes import prior_bias
from trimodal.models.layers.transformer import feedforward_width
from trimodal.registry import MODELS
from trimodal.structures import Fused, TriModalDataSample
from trimodal.utils import build

CONTEXTS = (None, 'pooled', 'tokens')


@MODELS.register_module()
class DETRHead(BaseHead):
    """Finds objects in a picture stream, in the light of what was fused.

    From `End-to-End Object Detection with Transformers
    <https://arxiv.org/abs/2005.12872>`_: each query answers for one object or
    none, so nothing is found twice. Queries are boxes that each layer of a
    decoder refines (`DAB-DETR <https://arxiv.org/abs/2201.12329>`_), looking
    at points around them (`Deformable DETR
    <https://arxiv.org/abs/2010.04159>`_). A dense branch and denoising
    queries make it learn from scratch on little data. ::

        streams[stream] ─> cells ─> dense branch ─> queries ─┐
        fused ─────────────┘  └──────────> decoder <─────────┘
                                             └─> classes and boxes

    Boxes are relative to the real part of a picture: padding changes nothing.

    Args:
        num_classes (int): Classes.
        in_channels (int): Channels of what was fused.
        stream (str): The modality with the picture, whose encoder gives grids
            of cells.
        stream_channels (int | None): Its channels. Defaults to None, those of
            what was fused.
        num_levels (int): Its grids. Defaults to 1.
        embed_dims (int | None): Channels inside; a multiple of 8. Defaults to
            None, those of the stream.
        num_queries (int): Queries. Defaults to 100.
        num_layers (int): Layers of the decoder. Defaults to 3.
        num_heads (int): Attention heads. Defaults to 8.
        feedforward_channels (int | None): Width inside the feed-forward
            parts. Defaults to None, four times ``embed_dims``.
        num_points (int): Points of each head on each level. Defaults to 4.
        dropout (float): Dropout of the decoder's branches. Defaults to 0.0.
        context (str | None): What of the fused is used: ``'pooled'``, the
            vector modulates the cells; ``'tokens'``, in addition queries look
            at the fused steps; or None, nothing: the picture is alone.
            Defaults to ``'pooled'``.
        dense (Mapping | nn.Module | None): The dense branch, which chooses
            the queries too, or its config, such as
            ``dict(type='DenseBoxes')``. Defaults to None: queries are
            learned.
        denoising (Mapping | nn.Module | None): Makes noisy queries in
            training, or its config, such as ``dict(type='BoxDenoising')``.
            Defaults to None.
        loss (Mapping | nn.Module): The loss of a set of boxes or its config.
            Defaults to :class:`~trimodal.models.SetLoss`.
        max_per_img (int): Boxes of a picture at most. Defaults to 100.
        score_threshold (float): Boxes with less are left out. Defaults to
            0.0.
        nms_iou (float | None): Of two boxes of a class that overlap by more
            the worse is left out. Defaults to None, off.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number is not positive, ``context`` none of these,
            or a probability outside [0, 1]; when run, if there is no such
            stream or it has another number of grids.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        stream: str,
        stream_channels: int | None = None,
        num_levels: int = 1,
        embed_dims: int | None = None,
        num_queries: int = 100,
        num_layers: int = 3,
        num_heads: int = 8,
        feedforward_channels: int | None = None,
        num_points: int = 4,
        dropout: float = 0.0,
        context: str | None = 'pooled',
        dense: Mapping | nn.Module | None = None,
        denoising: Mapping | nn.Module | None = None,
        loss: Mapping | nn.Module = {'type': 'SetLoss'},  # noqa: B006
        max_per_img: int = 100,
        score_threshold: float = 0.0,
        nms_iou: float | None = None,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(in_channels, init_cfg)
        check_positive(num_classes=num_classes, num_queries=num_queries)
        check_positive(num_levels=num_levels, max_per_img=max_per_img)
        check_choice('context', context, CONTEXTS)
        check_probability(dropout=dropout, nms_iou=nms_iou or 0.0)
        check_not_negative(score_threshold=score_threshold)
        channels = in_channels if stream_channels is None else stream_channels
        width = channels if embed_dims is None else embed_dims
        self.num_classes = num_classes
        self.stream = stream
        self.limits = (max_per_img, score_threshold, nms_iou)
        self.loss_module = build(loss, MODELS)
        decoder = BoxDecoder(
            num_layers,
            width,
            num_classes + self.loss_module.extra_logits,
            num_heads,
            feedforward_width(feedforward_channels, width),
            num_levels,
            num_points,
            dropout,
            context == 'tokens',
            with_cp,
        )
        if not self.loss_module.extra_logits:
            prior_bias(decoder.classify)
        self.network = DETRNetwork(
            in_channels,
            channels,
            num_levels,
            num_classes,
            num_queries,
            decoder,
            context,
            dense,
            denoising,
        )

    def forward(self, fused: Fused) -> dict[str, Tensor]:
        """The answers of all layers.

        Args:
            fused (Fused): What was fused, with its streams.

        Returns:
            dict[str, Tensor]: ``logits`` float32 ``[D, B, Q, K]``, ``boxes``
            float32 ``[D, B, Q, 4]`` (centred, relative), and ``queries``
            bool ``[B, Q]``, which of them are real.
        """
        answers = self.network(fused, fused.stream(self.stream))
        return {
            'logits': answers.logits,
            'boxes': answers.boxes,
            'queries': answers.queries,
        }

    def loss(self, fused: Fused, data_samples: Samples) -> dict[str, Tensor]:
        """Compute the losses over the samples with ``gt_instances``.

        Args:
            fused (Fused): What was fused, with its streams.
            data_samples (Sequence[TriModalDataSample]): One a sample, with
                ``img_shape``; boxes in its pixels. No boxes at all are an
                annotation too: nothing is there. Crowds are not to be found,
                but what is found in them is not wrong. A sample without the
                picture is left out.

        Returns:
            dict[str, Tensor]: ``loss_class``, ``loss_l1`` and ``loss_giou``
            of the last layer, with ``aux_`` before them the sums over other
            layers, with ``denoising_`` those of noisy queries, with
            ``dense_`` those of the dense branch.

        Raises:
            ValueError: If a sample with boxes has no ``img_shape``, or a
                label is none of the classes.
        """
        stream = fused.stream(self.stream)
        targets = box_targets(data_samples, stream.present, self.num_classes)
        answers = self.network(fused, stream, targets)
        return detection_losses(
            answers, targets, self.network, self.loss_module
        )

    def predict(
        self, fused: Fused, data_samples: Samples
    ) -> list[TriModalDataSample]:
        """Add ``pred_instances``, in pixels of the original pictures.

        Args:
            fused (Fused): What was fused, with its streams.
            data_samples (Sequence[TriModalDataSample]): One a sample, with
                ``ori_shape``; stay as they are. One without the picture gets
                no boxes.

        Returns:
            list[TriModalDataSample]: Copies with the predictions, best first.

        Raises:
            ValueError: If a sample with a picture has no ``ori_shape``.
        """
        answers = self.network(fused, fused.stream(self.stream))
        return add_instances(
            data_samples,
            self.loss_module.scores(answers.logits[-1].detach()),
            answers.boxes[-1].detach(),
            answers.queries,
            *self.limits,
        )
