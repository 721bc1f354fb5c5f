"""Checkpoints are whole or not there, and broken ones are found out."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import torch

from trimodal.utils import saving
from trimodal.utils.saving import (
    BrokenFileError,
    SaveError,
    check_file,
    replacing,
    save_bytes,
    save_file,
)

CONTENT = {'state_dict': {'w': torch.arange(5000.0)}, 'meta': {'epoch': 3}}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / 'epoch_1.pth'
    save_file(CONTENT, path)
    return path


@pytest.mark.parametrize('mmap', [False, True])
def test_every_reader_reads_it(saved: Path, mmap: bool):
    loaded = torch.load(saved, weights_only=True, mmap=mmap)
    assert torch.equal(loaded['state_dict']['w'], torch.arange(5000.0))
    with ZipFile(saved) as archive:
        assert archive.testzip() is None
    check_file(saved)
    assert os.listdir(saved.parent) == [saved.name]


def test_the_checksum_is_that_of_the_file_without_it(
    saved: Path, tmp_path: Path
):
    """As anybody can find out with sha256sum."""
    torch.save(CONTENT, tmp_path / 'plain')
    data = saved.read_bytes()
    bare = data[: -saving._COMMENT_SIZE - 2] + bytes(2)
    (tmp_path / 'bare').write_bytes(bare)
    out = subprocess.run(
        ['sha256sum', tmp_path / 'bare'], capture_output=True, check=True
    ).stdout.split()[0]
    assert data.endswith(b'sha256:' + out)


def test_every_cut_is_found(saved: Path):
    data = saved.read_bytes()
    ends = range(len(data) - 100, len(data))
    for keep in (*range(100), len(data) // 2, *ends):
        saved.write_bytes(data[:keep])
        with pytest.raises(BrokenFileError, match=r'epoch_1\.pth is broken'):
            check_file(saved)


def test_a_long_file_that_is_cut(saved: Path):
    save_file({'w': torch.zeros(100_000)}, saved)
    check_file(saved)
    saved.write_bytes(saved.read_bytes()[:-100_000])
    with pytest.raises(BrokenFileError, match='cut off'):
        check_file(saved)


def test_every_altered_byte_is_found(saved: Path):
    """Of the tensors, the table of contents and the checksum; every bit."""
    data = saved.read_bytes()
    places = [*range(4), *range(4, len(data), 997)]
    for at in (*places, *range(len(data) - 700, len(data))):
        for bit in range(8 if at < 4 else 1):
            altered = bytearray(data)
            altered[at] ^= 1 << bit
            saved.write_bytes(altered)
            with pytest.raises(BrokenFileError):
                check_file(saved)


@pytest.mark.parametrize(
    'damage',
    [
        lambda data: bytes(4096) + data[4096:],
        lambda data: b'\x80\x02' + data[2:],  # as an old file begins
        lambda data: bytes(len(data)),
        lambda data: b'PK',
        lambda data: b'\x80',
        lambda data: b'<!DOCTYPE html><html>not found</html>',
        lambda data: b'version https://git-lfs.github.com/spec/v1\n',
    ],
)
def test_a_beginning_that_is_none(saved: Path, damage: Any):
    data = saved.read_bytes()
    saved.write_bytes(damage(data))
    with pytest.raises(BrokenFileError, match='no checkpoint begins as it'):
        check_file(saved)


def test_files_without_our_checksum(tmp_path: Path):
    path = tmp_path / 'theirs.pth'
    torch.save(CONTENT, path)
    check_file(path)
    data = bytearray(path.read_bytes())
    data[data.index(torch.tensor([77.0]).numpy().tobytes())] ^= 1
    path.write_bytes(data)
    check_file(path, thoroughly=False)
    with pytest.raises(BrokenFileError, match='differs'):
        check_file(path)
    torch.save(CONTENT, path, _use_new_zipfile_serialization=False)
    check_file(path)


def test_an_error_leaves_the_old_file_and_nothing_else(saved: Path):
    before = saved.read_bytes()

    def fail() -> None:
        with replacing(saved) as file:
            file.write(b'new')
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with pytest.raises(Exception, match='pickle'):
        save_file({'x': lambda: 0}, saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_a_full_disk(saved: Path, monkeypatch):
    """It takes the first 1000 bytes."""
    before, written = saved.read_bytes(), []

    def write(file: Any, data: bytes) -> None:
        written.append(len(data))
        if sum(written) > 1000:
            raise OSError(errno.ENOSPC, 'No space left on device')
        file.write(data)

    monkeypatch.setattr(saving, '_write_all', write)
    needed = f'{len(before) / 1e6:.1f} MB'
    with pytest.raises(SaveError) as error:
        save_file(CONTENT, saved)
    text = str(error.value)
    assert text.startswith(f'{saved} could not be saved: No space left')
    assert f'it needs {needed}, ' in text
    assert f'free in {saved.parent}' in text
    assert text.endswith('what was saved before is intact')
    assert '\n' not in text
    with pytest.raises(SaveError, match='No space left'):
        save_bytes(b'x' * 2000, saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


LIMITED = """
import resource, sys, torch
from trimodal.utils.saving import save_file
resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))
save_file({'w': torch.zeros(5000)}, sys.argv[1])
"""


def test_a_limit_of_the_system(saved: Path):
    """Not our own raising: the kernel's."""
    before = saved.read_bytes()
    command = [sys.executable, '-c', LIMITED, str(saved)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'SaveError' in done.stderr
    assert 'File too large' in done.stderr
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_a_full_file_system(tmp_path: Path):
    """A real one, of 100 kB, where we may mount it."""
    command = ['mount', '-t', 'tmpfs', '-o', 'size=100k', 'tmpfs', tmp_path]
    if os.geteuid() != 0 or subprocess.call(command):
        pytest.skip('may not mount')
    try:
        path = tmp_path / 'epoch_1.pth'
        save_file({'w': torch.zeros(9000)}, path)
        before = path.read_bytes()
        with pytest.raises(SaveError, match=r'needs 0\.8 MB, 0\.1 MB are'):
            save_file({'w': torch.zeros(200_000)}, path)
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == [path.name]
    finally:
        subprocess.run(['umount', tmp_path], check=True)


def test_the_order_of_what_reaches_the_disk(saved: Path, monkeypatch):
    """Content, then name, then folder."""
    calls = []
    for name in ('fsync', 'replace'):
        real = getattr(os, name)

        def spy(*args: Any, name: str = name, real: Any = real) -> None:
            is_folder = name == 'fsync' and os.path.isdir(
                os.readlink(f'/proc/self/fd/{args[0]}')
            )
            calls.append('folder' if is_folder else name)
            real(*args)

        monkeypatch.setattr(os, name, spy)
    save_file(CONTENT, saved)
    assert calls == ['fsync', 'replace', 'folder']
