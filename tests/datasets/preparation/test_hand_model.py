import hashlib
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from trimodal.datasets.preparation import hand_model
from trimodal.datasets.preparation.hand_model import (
    FILE_NAME,
    ModelError,
    cache_folder,
    checksum,
    fetch,
    locate,
)

MODEL = b'a model'


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache; MODEL is the only file that is right."""
    folder = tmp_path / 'cache'
    monkeypatch.setenv('TRIMODAL_CACHE', str(folder))
    known = {hashlib.sha256(MODEL).hexdigest(): 'the test'}
    monkeypatch.setattr(hand_model, 'SHA256', known)
    return folder


def offline(monkeypatch, served=None):
    """Make the web fail, or serve some bytes; and pip fail."""

    def urlopen(url, timeout):
        if served is None:
            raise OSError('no route')
        return io.BytesIO(served)

    def run(command, **options):
        return SimpleNamespace(returncode=1, stderr='noise\nno index\n')

    monkeypatch.setattr(hand_model.urllib.request, 'urlopen', urlopen)
    monkeypatch.setattr(hand_model.subprocess, 'run', run)


def test_the_cache_folder_can_be_moved(monkeypatch):
    monkeypatch.setenv('TRIMODAL_CACHE', '/somewhere')
    assert cache_folder() == Path('/somewhere')
    monkeypatch.delenv('TRIMODAL_CACHE')
    assert cache_folder() == Path.home() / '.cache' / 'trimodal'


def test_a_cached_model_is_not_fetched_again(cache, monkeypatch):
    offline(monkeypatch)
    cache.mkdir()
    (cache / FILE_NAME).write_bytes(MODEL)
    assert fetch() == locate() == cache / FILE_NAME


def test_it_comes_from_google_first(cache, monkeypatch):
    offline(monkeypatch, served=MODEL)
    assert fetch().read_bytes() == MODEL
    assert [path.name for path in cache.iterdir()] == [FILE_NAME]


def test_a_damaged_cache_is_mended(cache, monkeypatch):
    cache.mkdir()
    (cache / FILE_NAME).write_bytes(b'half')
    offline(monkeypatch, served=MODEL)
    assert fetch().read_bytes() == MODEL


def test_every_way_that_failed_is_told(cache, monkeypatch):
    offline(monkeypatch, served=b'something else')
    with pytest.raises(ModelError) as info:
        fetch()
    text = str(info.value)
    assert hashlib.sha256(b'something else').hexdigest() in text
    assert 'pip failed: no index' in text
    assert '--model FILE' in text
    assert not list(cache.iterdir())
    offline(monkeypatch)
    with pytest.raises(ModelError, match='no route'):
        fetch()


def test_a_copy_is_checked(cache, tmp_path, monkeypatch):
    offline(monkeypatch)
    good, bad = tmp_path / 'good', tmp_path / 'bad'
    good.write_bytes(MODEL)
    bad.write_bytes(b'bad')
    assert fetch(good).read_bytes() == MODEL
    with pytest.raises(ModelError, match='SHA-256'):
        fetch(bad)
    with pytest.raises(ModelError, match='No such file'):
        fetch(tmp_path / 'missing')
    assert (cache / FILE_NAME).read_bytes() == MODEL


def test_a_model_of_ones_own_is_taken_as_it_is(tmp_path):
    path = tmp_path / 'own.task'
    path.write_bytes(b'own')
    assert locate(str(path)) == path
    with pytest.raises(ModelError, match='missing'):
        locate(str(tmp_path / 'missing'))


def test_the_wheels_parts_are_packed_the_same_every_time(
    cache, tmp_path, monkeypatch
):
    """A wheel of stand-ins: the zip's bytes depend on nothing else."""

    def run(command, **options):
        folder = Path(command[command.index('--dest') + 1])
        with zipfile.ZipFile(folder / 'mediapipe.whl', 'w') as wheel:
            wheel.writestr('other.py', 'x = 1')
            modules = 'mediapipe/modules/'
            wheel.writestr(
                f'{modules}palm_detection/palm_detection_full.tflite', b'P'
            )
            wheel.writestr(
                f'{modules}hand_landmark/hand_landmark_full.tflite', b'HAND'
            )
        return SimpleNamespace(returncode=0, stderr='')

    monkeypatch.setattr(hand_model.subprocess, 'run', run)
    paths = [tmp_path / 'a.task', tmp_path / 'b.task']
    for path in paths:
        hand_model.assemble(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as task:
        members = {i.filename: task.read(i) for i in task.infolist()}
        stored = {i.compress_type for i in task.infolist()}
    assert members == {
        'hand_detector.tflite': b'P',
        'hand_landmarks_detector.tflite': b'HAND',
    }
    assert stored == {zipfile.ZIP_STORED}


def test_checksum_sees_a_changed_file(tmp_path):
    path = tmp_path / 'a'
    path.write_bytes(b'one')
    assert checksum(path) == hashlib.sha256(b'one').hexdigest()
    path.write_bytes(b'three')
    assert checksum(path) == hashlib.sha256(b'three').hexdigest()
