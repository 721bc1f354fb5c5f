import pytest

from trimodal.models.vocabularies import CharVocabulary, WordVocabulary
from trimodal.registry import TASK_UTILS


def test_specials_come_first_and_blank_is_pad():
    vocabulary = WordVocabulary(['one', 'two'])
    assert vocabulary.tokens == (
        '<pad>',
        '<bos>',
        '<eos>',
        '<unk>',
        'one',
        'two',
    )
    assert len(vocabulary) == 6
    assert vocabulary.pad == vocabulary.blank == 0
    assert (vocabulary.bos, vocabulary.eos, vocabulary.unk) == (1, 2, 3)


def test_built_from_a_config():
    cfg = dict(type='CharVocabulary', characters='ab', unknown='unk')
    vocabulary = TASK_UTILS.build(cfg)
    assert repr(vocabulary) == "CharVocabulary(6 tokens, unknown='unk')"


def test_a_text_comes_back():
    vocabulary = WordVocabulary(['one', 'two', 'three'])
    text = 'three one one two'
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert vocabulary.encode('') == []
    assert vocabulary.decode([]) == ''


def test_decode_stops_at_the_end_and_leaves_specials_out():
    vocabulary = CharVocabulary('abc')
    numbers = [1, 4, 0, 0, 5, 3, 6, 2, 4]
    assert vocabulary.decode(numbers) == 'abc'


@pytest.mark.parametrize('number', [-1, 7])
def test_decode_wants_numbers_of_tokens(number):
    with pytest.raises(ValueError, match=rf'\[0, 7\), got {number}'):
        CharVocabulary('abc').decode([4, number])


def test_unknown_symbols():
    lenient = WordVocabulary(['one'], unknown='unk')
    assert lenient.encode('one six') == [4, 3]
    with pytest.raises(ValueError, match="symbol 'six', number 1 of the text"):
        WordVocabulary(['one']).encode('one six')
    # A special token's name in a text is a symbol like any other.
    assert lenient.encode('<eos>') == [3]


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'words must have at least one token'),
        (['one', ''], 'words: token 2 must be a string'),
        (['one', 2], 'words: token 2 must be a string'),
        (['one', '<unk>'], "token 2, '<unk>', is special"),
        (['one', 'two', 'one'], "token 3, 'one', stands already at 1"),
    ],
)
def test_bad_tokens(words, message):
    with pytest.raises(ValueError, match=message):
        WordVocabulary(words)


def test_bad_unknown():
    with pytest.raises(ValueError, match='unknown must be one of'):
        WordVocabulary(['one'], unknown='skip')
