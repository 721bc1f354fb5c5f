import pytest

from trimodal.models.vocabularies import WordVocabulary


def test_words_are_split_at_any_white_space():
    vocabulary = WordVocabulary(['zero', 'one'])
    assert vocabulary.encode(' one\tzero \n one ') == [5, 4, 5]
    assert vocabulary.decode([5, 4, 5]) == 'one zero one'


def test_a_text_is_no_sequence_of_words():
    with pytest.raises(ValueError, match=r'give its split\(\)'):
        WordVocabulary('zero one')


def test_no_white_space_in_words():
    with pytest.raises(ValueError, match="token 2, 'one two', has white"):
        WordVocabulary(['zero', 'one two'])
