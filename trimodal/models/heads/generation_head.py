"""Generation: a text, token by token.

Shape letters: see :mod:`trimodal.structures.streams`; L tokens, V of the
vocabulary, K beams of a sample.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from trimodal.models.heads.base import BaseHead, Samples
from trimodal.models.heads.memory import DecoderMemory
from trimodal.models.heads.texts import encode_text, lay_out
from trimodal.models.layers import (
    BeamSearch,
    SequencePositions,
    TokenEmbedding,
    TransformerDecoder,
    feedforward_width,
)
from trimodal.models.layers.checks import check_probability
from trimodal.models.vocabularies import BaseVocabulary
from trimodal.registry import MODELS, TASK_UTILS
from trimodal.structures import Fused, TriModalDataSample
from trimodal.utils import build

DEFAULT_LOSS = {'type': 'CrossEntropyLoss', 'label_smoothing': 0.1}
DEFAULT_SEARCH = {'type': 'BeamSearch'}


@MODELS.register_module()
class GenerationHead(BaseHead):
    """A transformer decoder that writes a text about what was fused.

    From `Attention Is All You Need <https://arxiv.org/abs/1706.03762>`_, with
    each layer's input normalised. It looks at the fused tokens, or at one
    stream. In training the true beginning is given; in prediction a search
    writes on from what it wrote, with keys and values kept.

    Args:
        vocabulary (Mapping | BaseVocabulary): The tokens, or their config.
        in_channels (int): Channels of what was fused.
        embed_dims (int): Channels of the decoder. Defaults to 256.
        num_layers (int): Decoder layers. Defaults to 4.
        num_heads (int): Attention heads. Defaults to 4.
        feedforward_channels (int | None): Channels inside the feed-forward
            parts. Defaults to None, four times ``embed_dims``.
        dropout (float): Dropout of the branches and of what goes in. Defaults
            to 0.1.
        attention_dropout (float): Dropout of attention weights. Defaults to
            0.0.
        positions (str): ``'sinusoidal'`` or ``'learned'``. Defaults to
            ``'sinusoidal'``.
        memory_positions (bool): Whether to tell each step that is looked at
            where it stands among the real ones: for encoders that do not,
            such as convolutions. Defaults to False.
        tied_embeddings (bool): Whether tokens go in by the table that they
            come out by. Defaults to False.
        stream (str | None): The stream that is looked at. Defaults to None,
            all that was fused.
        stream_channels (int | None): Channels of that stream. Defaults to
            None, ``in_channels``.
        loss (Mapping | nn.Module): The loss or its config; called with logits
            and targets of all tokens. Defaults to cross-entropy with label
            smoothing of 0.1.
        search (Mapping | BeamSearch): How texts are found, and how long they
            are at most. Defaults to greedy search of up to 200 tokens.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a width or number is not positive, ``num_heads`` does
            not divide ``embed_dims`` or it is odd, a probability lies outside
            [0, 1], ``positions`` is neither, or ``stream_channels`` comes
            without ``stream``.
    """

    def __init__(
        self,
        vocabulary: Mapping | BaseVocabulary,
        in_channels: int,
        embed_dims: int = 256,
        num_layers: int = 4,
        num_heads: int = 4,
        feedforward_channels: int | None = None,
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        positions: str = 'sinusoidal',
        memory_positions: bool = False,
        tied_embeddings: bool = False,
        stream: str | None = None,
        stream_channels: int | None = None,
        loss: Mapping | nn.Module = DEFAULT_LOSS,
        search: Mapping | BeamSearch = DEFAULT_SEARCH,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(in_channels, init_cfg)
        check_probability(dropout=dropout)
        self.vocabulary = build(vocabulary, TASK_UTILS)
        self.search = build(search, TASK_UTILS)
        self.memory = DecoderMemory(
            in_channels, embed_dims, stream, stream_channels, memory_positions
        )
        self.embedding = TokenEmbedding(
            len(self.vocabulary), embed_dims, tied_embeddings
        )
        self.positions = SequencePositions(
            positions, embed_dims, self.search.max_length + 1
        )
        self.dropout = nn.Dropout(dropout)
        self.decoder = TransformerDecoder(
            num_layers,
            embed_dims,
            num_heads,
            feedforward_width(feedforward_channels, embed_dims),
            dropout,
            attention_dropout,
            with_cp,
        )
        self.loss_module = build(loss, MODELS)

    def forward(self, fused: Fused, tokens: Tensor | None = None) -> Tensor:
        """Logits of what follows each token.

        Args:
            fused (Fused): What was fused.
            tokens (Tensor | None): int64 ``[B, L]``, texts so far, from the
                token that begins one; padding comes last. Defaults to None,
                only that token.

        Returns:
            Tensor: float ``[B, L, V]``.
        """
        memory, mask = self.memory(fused)
        if tokens is None:
            tokens = self._first(len(memory), memory.device).unsqueeze(1)
        return self.embedding.logits(self._decode(tokens, memory, mask))

    def loss(self, fused: Fused, data_samples: Samples) -> dict[str, Tensor]:
        """Compute ``loss_text`` over the tokens of samples with a ``gt_text``.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample.

        Returns:
            dict[str, Tensor]: ``loss_text``, and ``token_accuracy``: of this
            process's tokens, given the true ones before.

        Raises:
            ValueError: If a text is longer than those that are searched for,
                or has a symbol that the vocabulary lacks.
        """
        memory, mask = self.memory(fused)
        rows, texts = self.targets(data_samples)
        if len(rows) < len(memory):
            # A row that counts for nothing keeps all in the graph.
            kept = rows or [0]
            memory, mask = memory[kept], mask[kept]
        told = lay_out(self.vocabulary, texts).to(memory.device)
        hidden = self._decode(told.tokens, memory, mask).flatten(0, 1)
        # Only what counts is turned into logits.
        logits = self.embedding.logits(hidden[told.places])
        right = (logits.detach().argmax(1) == told.target).sum()
        return {
            'loss_text': self.loss_module(logits, told.target),
            'token_accuracy': right / max(len(told.target), 1),
        }

    @torch.no_grad()
    def predict(
        self, fused: Fused, data_samples: Samples
    ) -> list[TriModalDataSample]:
        """Add ``pred_text`` and ``pred_text_score``.

        Args:
            fused (Fused): What was fused.
            data_samples (Sequence[TriModalDataSample]): One a sample; stay as
                they are.

        Returns:
            list[TriModalDataSample]: Copies with the predictions.
        """
        memory, mask = self.memory(fused)
        state = self.decoder.start(memory, mask)

        def step(tokens: Tensor, parents: Tensor | None) -> Tensor:
            if parents is not None:
                state.reorder(parents)
            x = self.positions(
                self.embedding(tokens).flatten(0, 1).unsqueeze(1), state.length
            ).squeeze(1)
            x = self.decoder.next(x.unflatten(0, tokens.shape), state)
            return self.embedding.logits(x)

        first = self._first(len(memory), memory.device)
        words = self.vocabulary
        never = (words.pad, words.bos, words.unk)
        found = self.search(step, first, words.eos, never)
        return [
            sample.new()
            .set_pred_text(words.decode(numbers))
            .set_pred_text_score(score)
            for sample, numbers, score in zip(
                data_samples, found.tokens.tolist(), found.scores, strict=True
            )
        ]

    def targets(
        self, data_samples: Samples
    ) -> tuple[list[int], list[list[int]]]:
        """Which samples have a text, and the numbers of its tokens."""
        rows = [row for row, s in enumerate(data_samples) if 'gt_text' in s]
        texts, longest = [], self.search.max_length
        for row in rows:
            sample = data_samples[row]
            numbers = encode_text(self.vocabulary, sample)
            if len(numbers) > longest:
                raise ValueError(
                    f'gt_text of sample {sample.get("sample_id", row)!r}: '
                    f'{len(numbers)} tokens, but the search stops at '
                    f'max_length={longest}: set it higher'
                )
            texts.append(numbers)
        return rows, texts

    def _first(self, size: int, device: torch.device) -> Tensor:
        return torch.full((size,), self.vocabulary.bos, device=device)

    def _decode(self, tokens: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        x = self.dropout(self.positions(self.embedding(tokens)))
        return self.decoder(x, memory, mask)
