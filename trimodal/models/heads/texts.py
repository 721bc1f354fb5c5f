"""What heads that write texts share."""

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
