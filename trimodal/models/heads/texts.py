"""What heads that write texts share.

Shape letters: see :mod:`trimodal.structures.streams`; L tokens, N of them in
all texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trimodal.models.vocabularies import BaseVocabulary
from trimodal.structures import TriModalDataSample


def encode_text(
    vocabulary: BaseVocabulary, sample: TriModalDataSample
) -> list[int]:
    """The numbers of the tokens of a sample's ``gt_text``.

    Args:
        vocabulary (BaseVocabulary): The tokens.
        sample (TriModalDataSample): A sample with a text.

    Returns:
        list[int]: Without begin and end.

    Raises:
        ValueError: If the vocabulary refuses a symbol; names the sample.
    """
    try:
        return vocabulary.encode(sample.gt_text)
    except ValueError as error:
        name = sample.get('sample_id', '?')
        raise ValueError(f'gt_text of sample {name!r}: {error}') from None


@dataclass(frozen=True)
class ToldTexts:
    """True texts, as a decoder is told them in training.

    Args:
        tokens (Tensor): int64 ``[B, L]``, what goes in: from the begin on,
            without the end, padded.
        target (Tensor): int64 ``[N]``, what is to follow each of them, up to
            the end, text after text.
        places (Tensor): int64 ``[N]``, where in the flattened ``tokens`` that
            is to come out.
    """

    tokens: Tensor
    target: Tensor
    places: Tensor

    def to(self, device: torch.device) -> 'ToldTexts':
        """The same on another device."""
        return ToldTexts(
            self.tokens.to(device),
            self.target.to(device),
            self.places.to(device),
        )


def lay_out(
    vocabulary: BaseVocabulary, texts: Sequence[Sequence[int]]
) -> ToldTexts:
    """Make a batch of texts for teacher forcing.

    Args:
        vocabulary (BaseVocabulary): The tokens.
        texts (Sequence[Sequence[int]]): Numbers of tokens, without begin and
            end. No text gives one row in which nothing counts.

    Returns:
        ToldTexts: On the CPU.
    """
    length = max(map(len, texts), default=0) + 1
    tokens = torch.full((len(texts) or 1, length), vocabulary.pad)
    for row, text in enumerate(texts):
        tokens[row, : len(text) + 1] = torch.tensor([vocabulary.bos, *text])
    target = [n for text in texts for n in (*text, vocabulary.eos)]
    places = (tokens != vocabulary.pad).flatten().nonzero().squeeze(1)
    return ToldTexts(tokens, torch.tensor(target, dtype=torch.int64), places)
