"""What heads that write texts share."""

import pytest
import torch

from trimodal.models import CharVocabulary
from trimodal.models.heads.texts import encode_text, lay_out
from trimodal.structures import TriModalDataSample


def test_numbers_of_a_text():
    sample = TriModalDataSample().set_gt_text('ba')
    assert encode_text(CharVocabulary('ab'), sample) == [5, 4]


def test_a_refused_text_names_its_sample():
    sample = TriModalDataSample(metainfo={'sample_id': 'x7'})
    with pytest.raises(ValueError, match="gt_text of sample 'x7': symbol 'c'"):
        encode_text(CharVocabulary('ab'), sample.set_gt_text('abc'))


def test_true_texts_laid_out():
    words = CharVocabulary('ab')
    told = lay_out(words, [[4, 5], [], [5]])
    assert told.tokens.tolist() == [[1, 4, 5], [1, 0, 0], [1, 5, 0]]
    assert told.target.tolist() == [4, 5, words.eos, words.eos, 5, words.eos]
    assert told.places.tolist() == [0, 1, 2, 3, 6, 7]
    assert told.to(torch.device('meta')).tokens.is_meta


def test_no_texts_laid_out():
    told = lay_out(CharVocabulary('ab'), [])
    assert told.tokens.tolist() == [[0]]
    assert told.target.shape == told.places.shape == (0,)
