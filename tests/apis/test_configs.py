import pytest

from trimodal.apis import configs, find_config, list_models


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A package with configs beside it."""
    for name in (
        '_base_/models/a.py',
        'demo/concat_demo.py',
        'demo/same.py',
        'digits/attention_digits.py',
        'digits/same.py',
    ):
        path = tmp_path / 'configs' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('')
    package = tmp_path / 'trimodal' / '__init__.py'
    monkeypatch.setattr(configs.trimodal, '__file__', str(package))
    return tmp_path / 'configs'


def test_list(folder):
    assert list_models() == [
        'demo/concat_demo',
        'demo/same',
        'digits/attention_digits',
        'digits/same',
    ]
    assert list_models('digits/*') == [
        'digits/attention_digits',
        'digits/same',
    ]


def test_installed_package_has_a_copy(folder):
    inner = folder.parent / 'trimodal' / '.mim'
    inner.mkdir(parents=True)
    folder.rename(inner / 'configs')
    assert list_models('*concat*') == ['demo/concat_demo']


def test_no_configs(folder):
    folder.rename(folder.parent / 'elsewhere')
    with pytest.raises(FileNotFoundError, match='reinstall trimodal'):
        list_models()


@pytest.mark.parametrize(
    'name', ['demo/concat_demo', 'concat_demo', 'concat_demo.py']
)
def test_find_by_name(folder, name):
    assert find_config(name) == folder / 'demo' / 'concat_demo.py'


def test_find_file(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text('')
    assert find_config(str(path)) == path


def test_find_refuses(folder):
    with pytest.raises(ValueError, match='any of demo/same, digits/same'):
        find_config('same')
    with pytest.raises(FileNotFoundError, match='near are demo/concat_demo'):
        find_config('concat_dmo')
    with pytest.raises(FileNotFoundError, match=r'nor the name of one$'):
        find_config('xyz/zzz.yaml')


def test_the_repository_has_its_own():
    assert configs.config_folder().name == 'configs'
