"""Transcription by connectionist temporal classification.

Shape letters: see :mod:`trimodal.structures.streams`; V tokens of the
vocabulary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from trimodal.models.heads.base import BaseHead, Samples
from trimodal.models.heads.step_source import StepSource
from trimodal.models.heads.texts import encode_text
from trimodal.models.layers import init_transformer
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.models.layers.ctc_alignment import AlignedToken, align_ctc
from trimodal.models.layers.ctc_decoding import beam_ctc, greedy_ctc
from trimodal.models.layers.soft_dtw import compact
from trimodal.models.losses.ctc import too_short
from trimodal.models.vocabularies import BaseVocabulary
from trimodal.registry import MODELS, TASK_UTILS
from trimodal.structures import Fused, TriModalDataSample
from trimodal.utils import build


@dataclass(frozen=True)
class Steps:
    """What a CTC head says of each step.

    Args:
        log_probs (Tensor): float32 ``[B, T, V]``, logarithms of
            probabilities; a sample's real steps come first.
        lengths (Tensor): int64 ``[B]``, how many steps are real.
    """

    log_probs: Tensor
    lengths: Tensor


@MODELS.register_module()
class CTCHead(BaseHead):
    """A linear layer that names a token, or none, at each step.

    From `Connectionist Temporal Classification: Labelling Unsegmented
    Sequence Data with Recurrent Neural Networks
    <https://dl.acm.org/doi/10.1145/1143844.1143891>`_. The text may not have
    more tokens than there are steps.

    Args:
        in_channels (int): Channels of what was fused.
        vocabulary (Mapping | BaseVocabulary): The vocabulary or its config.
        stream (str | None): The modality whose own steps are read. Defaults
            to None: those of what was fused.
        stream_channels (int | None): Channels of that stream. Defaults to
            None, ``in_channels``.
        dropout (float): Dropout before the layer. Defaults to 0.0.
        beam_size (int): Texts that the prefix beam search keeps; 1 takes the
            likeliest token of each step. Defaults to 1.
        length_bonus (float): What the beam search adds to the score of a
            text for each token. Defaults to 0.0.
        loss (Mapping | nn.Module): The loss or its config; called with
            log-probabilities, lengths, targets and their lengths. Defaults to
            ``CTCLoss``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number is not positive, ``dropout`` lies outside
            [0, 1], or ``stream_channels`` is given without ``stream`` or
            ``length_bonus`` without a beam.
    """

    def __init__(
        self,
        in_channels: int,
        vocabulary: Mapping | BaseVocabulary,
        stream: str | None = None,
        stream_channels: int | None = None,
        dropout: float = 0.0,
        beam_size: int = 1,
        length_bonus: float = 0.0,
        loss: Mapping | nn.Module = {'type': 'CTCLoss'},  # noqa: B006
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(in_channels, init_cfg)
        check_positive(beam_size=beam_size)
        check_probability(dropout=dropout)
        if length_bonus and beam_size == 1:
            raise ValueError(
                f'length_bonus={length_bonus} needs beam_size > 1, got 1'
            )
        self.source = StepSource(in_channels, stream, stream_channels)
        self.vocabulary = build(vocabulary, TASK_UTILS)
        self.beam_size = beam_size
        self.length_bonus = length_bonus
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(self.source.width, len(self.vocabulary)),
        ).apply(init_transformer)
        self.loss_module = build(loss, MODELS)

    def forward(self, fused: Fused) -> Steps:
        """Log-probabilities of the tokens at each real step.

        Raises:
            ValueError: If ``stream`` is none of what was fused.
        """
        x, mask = self.source(fused)
        logits, lengths = compact(self.layers(x).float(), mask)
        return Steps(logits.log_softmax(2), lengths)

    def loss(self, fused: Fused, data_samples: Samples) -> dict[str, Tensor]:
        """Compute ``loss_ctc`` over the samples with a ``gt_text``.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample.

        Returns:
            dict[str, Tensor]: ``loss_ctc``, and ``too_short``, the share of
            these samples whose steps are too few for their text: they add
            nothing to the loss.

        Raises:
            ValueError: If a text has a symbol that the vocabulary refuses.
        """
        steps = self(fused)
        rows = [row for row, s in enumerate(data_samples) if 'gt_text' in s]
        # Lengths and targets in one transfer.
        table = self._table([data_samples[row] for row in rows])
        table = table.to(steps.lengths.device)
        sizes, targets = table[:, 0], table[:, 1:]
        lengths = steps.lengths[rows]
        short = too_short(lengths, targets, sizes)
        loss = self.loss_module(steps.log_probs[rows], lengths, targets, sizes)
        share = short.float().sum() / max(len(rows), 1)
        return {'loss_ctc': loss, 'too_short': share}

    def predict(
        self, fused: Fused, data_samples: Samples
    ) -> list[TriModalDataSample]:
        """Add ``pred_text`` and ``pred_text_score``.

        The score is the logarithm of the text's probability; without a beam
        that of its likeliest path.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample; stay as
                they are.

        Returns:
            list[TriModalDataSample]: Copies with the predictions.
        """
        texts, scores = self.decode(self(fused))
        return [
            sample.new().set_pred_text(text).set_pred_text_score(score)
            for sample, text, score in zip(
                data_samples, texts, scores.cpu(), strict=True
            )
        ]

    @torch.no_grad()
    def decode(self, steps: Steps) -> tuple[list[str], Tensor]:
        """The likeliest texts, and float ``[B]``, their log-probabilities."""
        # A loop over steps of small tensors: the processor is the place.
        log_probs, lengths = steps.log_probs.cpu(), steps.lengths.cpu()
        blank = self.vocabulary.blank
        if self.beam_size == 1:
            texts, scores = greedy_ctc(log_probs, lengths, blank)
        else:
            texts, scores = beam_ctc(
                log_probs, lengths, blank, self.beam_size, self.length_bonus
            )
        return [self.vocabulary.decode(text) for text in texts], scores

    @torch.no_grad()
    def align(
        self, fused: Fused, texts: Sequence[str]
    ) -> list[list[AlignedToken]]:
        """Find out when each token of known texts is said.

        Args:
            fused (Fused): What was fused.
            texts (Sequence[str]): The text of each sample.

        Returns:
            list[list[AlignedToken]]: Those of each text, in order; steps
            count the sample's real ones.

        Raises:
            ValueError: If a text needs more steps than there are.
        """
        steps = self(fused)
        targets = [self.vocabulary.encode(text) for text in texts]
        lengths = steps.lengths.tolist()
        blank = self.vocabulary.blank
        return align_ctc(steps.log_probs, lengths, targets, blank)

    def _table(self, data_samples: Samples) -> Tensor:
        """A row a sample: how many tokens, and the tokens, padded."""
        texts = [encode_text(self.vocabulary, s) for s in data_samples]
        rows = [torch.tensor([len(text), *text]) for text in texts]
        if not rows:
            return torch.zeros(0, 1, dtype=torch.int64)
        return pad_sequence(rows, True, self.vocabulary.pad)
