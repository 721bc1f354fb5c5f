import pytest

from trimodal.models.vocabularies import CharVocabulary


def test_characters_keep_their_order_and_spaces():
    vocabulary = CharVocabulary('ba ü')
    assert vocabulary.encode('ü ab') == [7, 6, 5, 4]
    assert vocabulary.decode([7, 6, 5, 4]) == 'ü ab'


def test_a_sequence_is_as_good_as_a_text():
    assert CharVocabulary(['a', 'b']).tokens == CharVocabulary('ab').tokens


@pytest.mark.parametrize('characters', [['a', 'bc'], ['a', ''], ['a', 1]])
def test_single_characters_only(characters):
    with pytest.raises(ValueError, match=r'single characters, got .* at 2'):
        CharVocabulary(characters)


def test_doubles_are_named():
    with pytest.raises(ValueError, match="token 3, 'a', stands already at 1"):
        CharVocabulary('aba')
