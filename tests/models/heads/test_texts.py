"""What heads that write texts share."""

import pytest

from trimodal.models import CharVocabulary
from trimodal.models.heads.texts import encode_text
from trimodal.structures import TriModalDataSample


def test_numbers_of_a_text():
    sample = TriModalDataSample().set_gt_text('ba')
    assert encode_text(CharVocabulary('ab'), sample) == [5, 4]


def test_a_refused_text_names_its_sample():
    sample = TriModalDataSample(metainfo={'sample_id': 'x7'})
    with pytest.raises(ValueError, match="gt_text of sample 'x7': symbol 'c'"):
        encode_text(CharVocabulary('ab'), sample.set_gt_text('abc'))
