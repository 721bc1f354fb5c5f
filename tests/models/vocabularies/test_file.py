import pytest

from trimodal.models.vocabularies import FileVocabulary


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / 'tokens.txt'
        path.write_bytes(content)
        return str(path)

    return write


@pytest.mark.parametrize(
    'content', [b'one\ntwo\n', b'one\ntwo', b'\xef\xbb\xbfone\r\ntwo\r\n']
)
def test_one_word_a_line(write, content):
    vocabulary = FileVocabulary(write(content))
    assert vocabulary.tokens[4:] == ('one', 'two')
    assert vocabulary.decode(vocabulary.encode('two one')) == 'two one'


def test_characters(write):
    content = 'a\n \nü\n'.encode()
    vocabulary = FileVocabulary(write(content), unit='character')
    assert vocabulary.encode('ü a') == [6, 5, 4]
    assert vocabulary.decode([6, 5, 4]) == 'ü a'


@pytest.mark.parametrize(
    ('content', 'unit', 'message'),
    [
        (b'', 'word', 'tokens.txt must have at least one token'),
        (b'one\n\ntwo\n', 'word', 'tokens.txt: token 2 must be a string'),
        (b'one\ntwo\none\n', 'word', 'tokens.txt: token 3, .* already at 1'),
        (b'<pad>\n', 'word', 'tokens.txt: token 1, .* special'),
        (b'one two\n', 'word', 'tokens.txt: token 1, .* white space'),
        (b'one\n', 'character', 'tokens.txt: token 1 must be a single'),
        (b'\xff\xfe', 'word', 'no UTF-8 file'),
        (b'one\n', 'line', 'unit must be one of'),
    ],
)
def test_bad_files(write, content, unit, message):
    with pytest.raises(ValueError, match=message):
        FileVocabulary(write(content), unit=unit)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r'nowhere\.txt'):
        FileVocabulary(str(tmp_path / 'nowhere.txt'))


def test_an_unknown_word_names_the_file(write):
    with pytest.raises(ValueError, match=r"'six'.*tokens\.txt"):
        FileVocabulary(write(b'one\n')).encode('six')
