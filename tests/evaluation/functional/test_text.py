import math

import jiwer
import pytest
import sacrebleu

from trimodal.evaluation.functional import text_scores

PRED = ['the cat sat on a mat', 'hello world', '', 'three four', 'up']
TRUE = ['the cat sat on the mat', 'hello old world', 'go', 'three four', '']


def test_equals_jiwer_and_sacrebleu():
    assert text_scores(PRED, TRUE) == {
        'wer': jiwer.wer(TRUE, PRED),
        'cer': jiwer.cer(TRUE, PRED),
        'bleu': sacrebleu.BLEU().corpus_score(PRED, [TRUE]).score,
        'chrf': sacrebleu.CHRF().corpus_score(PRED, [TRUE]).score,
    }


def test_error_rates_by_hand():
    """Over all texts together, not a mean of each text's rate."""
    pred, true = ['a b c d', 'x'], ['a b c d', 'y']
    assert text_scores(pred, true, ('wer', 'cer')) == {
        'wer': 1 / 5,
        'cer': 1 / 8,
    }


def test_empty_references():
    """What is said where nothing was is an insertion."""
    assert text_scores(['a', 'b c'], ['a', ''], ('wer',)) == {'wer': 2}
    assert text_scores([''], [''], ('wer', 'cer')) == {'wer': 0, 'cer': 0}
    assert text_scores(['', ''], ['a b', ''], ('wer',)) == {'wer': 1}
    assert text_scores([''], [''], ('bleu', 'chrf')) == {'bleu': 0, 'chrf': 0}


def test_no_texts_are_nan():
    assert all(math.isnan(v) for v in text_scores([], []).values())


def test_refuses_unequal_lengths():
    with pytest.raises(ValueError, match='got 1 and 2 texts'):
        text_scores(['a'], ['a', 'b'])
