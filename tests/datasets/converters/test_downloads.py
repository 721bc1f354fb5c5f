import hashlib
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.datasets.converters.sources import write_clips, write_pictures
from trimodal.datasets.converters.downloads import (
    fetch_file,
    fetch_mnist,
    fetch_repository,
)
from trimodal.datasets.converters.files import ConversionError
from trimodal.datasets.converters.tridigits_sources import (
    read_clips,
    read_pictures,
)


def git(*arguments, cwd):
    identity = ('-c', 'user.name=test', '-c', 'user.email=test@localhost')
    subprocess.run(
        ['git', *identity, *arguments],
        cwd=cwd,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path):
    """A bare repository with two commits, as a file:// address."""
    work = tmp_path / 'work'
    write_clips(work, indices=(0,))
    git('init', cwd=work)
    git('add', '.', cwd=work)
    git('commit', '-m', 'clips', cwd=work)
    (work / 'README').write_text('more')
    git('add', '.', cwd=work)
    git('commit', '-m', 'more', cwd=work)
    git('clone', '--bare', str(work), 'bare.git', cwd=tmp_path)
    return f'file://{tmp_path}/bare.git'


def test_a_file_is_fetched_once(tmp_path):
    source = tmp_path / 'web.csv'
    source.write_text('1,2')
    target = tmp_path / 'sources' / 'table.csv'
    fetch_file(source.as_uri(), target)
    assert target.read_text() == '1,2'
    fetch_file('file:///nowhere', target)
    assert [p.name for p in target.parent.iterdir()] == ['table.csv']


@pytest.mark.parametrize('url', ['file:///nowhere.csv', 'no address'])
def test_a_file_that_is_not_there(url, tmp_path):
    with pytest.raises(ConversionError, match=f'could not fetch {url}'):
        fetch_file(url, tmp_path / 'table.csv')
    assert not (tmp_path / 'table.csv').exists()


def test_a_repository_is_cloned_once(repository, tmp_path):
    folder = tmp_path / 'sources' / 'fsdd'
    fetch_repository(repository, folder)
    assert len(read_clips(folder)) == 30
    assert [p.name for p in folder.parent.iterdir()] == ['fsdd']
    (folder / 'README').write_text('mine')
    fetch_repository('file:///nowhere', folder)
    assert (folder / 'README').read_text() == 'mine'


def test_an_empty_folder_is_filled(repository, tmp_path):
    (tmp_path / 'fsdd').mkdir()
    fetch_repository(repository, tmp_path / 'fsdd')
    assert (tmp_path / 'fsdd' / 'recordings').is_dir()


def test_a_failed_clone_says_why_and_leaves_nothing(tmp_path):
    folder = tmp_path / 'sources' / 'fsdd'
    with pytest.raises(ConversionError, match=r'could not clone .*nowhere'):
        fetch_repository(f'file://{tmp_path}/nowhere.git', folder)
    assert not list(folder.parent.iterdir())


def test_no_git(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(ConversionError, match='needs git'):
        fetch_repository('file:///nowhere', tmp_path / 'fsdd')


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(tmp_path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A mirror of a tiny MNIST: its address, names and sums."""
    write_pictures(tmp_path / 'web' / 'mirror')
    resources = [
        (path.name, hashlib.md5(path.read_bytes()).hexdigest())
        for path in sorted((tmp_path / 'web' / 'mirror').iterdir())
    ]
    handler = partial(QuietHandler, directory=str(tmp_path / 'web'))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/', resources
        server.shutdown()


def test_mnist_comes_from_the_first_mirror_that_works(mirror, tmp_path):
    address, resources = mirror
    root = tmp_path / 'mnist'
    broken, works = f'{address}broken/', f'{address}mirror/'
    fetch_mnist(root, [broken, works], resources)
    assert read_pictures(root, 'train').pixels.shape == (80, 28, 28)
    assert read_pictures(root, 't10k').pixels.shape == (20, 28, 28)
    fetch_mnist(root, [broken], resources)  # nothing left to fetch


def test_mnist_that_lies_in_the_folder_itself_is_taken(tmp_path):
    write_pictures(tmp_path / 'mnist')
    fetch_mnist(tmp_path / 'mnist', ['file:///nowhere/'])
    assert not (tmp_path / 'mnist' / 'MNIST').exists()


def test_mnist_with_wrong_sums_is_refused(mirror, tmp_path):
    with pytest.raises(ConversionError, match='could not be fetched'):
        fetch_mnist(
            tmp_path / 'mnist',
            [f'{mirror[0]}mirror/'],
            [(name, '0' * 32) for name, _ in mirror[1]],
        )
