"""Writing checkpoints so that no crash and no full disk costs an old one.

A file is written under a temporary name beside its place, brought to the disk
and renamed: under its name there is the old file or the new one, whole. The
new one carries the SHA-256 of its bytes as the comment of the zip archive
that a checkpoint is. So the checksum can't be lost or be of another version
of the file, and every reader of checkpoints reads it as before.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import torch

from trimodal.utils.config import ConfigError

TEMPORARY = '.tmp'
_ALGORITHM = b'sha256:'
_COMMENT_SIZE = len(_ALGORITHM) + 64
_START = b'PK\x03\x04'
# How pickles begin, which torch wrote before archives.
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
# The end of a zip archive without a comment; its last two bytes are the
# length of the comment.
_END, _END_SIZE = b'PK\x05\x06', 22
_LONGEST_END = _END_SIZE + 0xFFFF
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SaveError(ConfigError):
    """A file could not be written; what was there before still is."""


class BrokenFileError(ConfigError):
    """A file is not what was once written: cut off or altered."""


@contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """Write a file that is there, under its name, only when it is whole.

    Args:
        path (str | Path): The file. Its folder is made if it is missing.

    Yields:
        IO[bytes]: The temporary file, unbuffered. If the block raises, it is
        removed, and what stood under the name stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        with open(temporary, 'wb', buffering=0) as file:
            yield file
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def save_bytes(content: bytes, path: str | Path) -> None:
    """Write bytes by way of :func:`replacing`.

    Args:
        content (bytes): What the file shall hold.
        path (str | Path): The file.

    Raises:
        SaveError: If the disk is full or refuses.
    """
    try:
        with replacing(path) as file:
            _write_all(file, content)
    except OSError as error:
        raise _save_error(path, error, len(content)) from error


def save_file(content: Any, path: str | Path) -> None:
    """Write a checkpoint with its checksum.

    Args:
        content (Any): For :func:`torch.save`.
        path (str | Path): The file.

    Raises:
        SaveError: If the disk is full or refuses.
    """
    size = 0
    try:
        with replacing(path) as file:
            writer = _HashingWriter(file)
            torch.save(content, writer)  # type: ignore[arg-type]
            size = writer.size
            writer.finish()
    except OSError as error:
        raise _save_error(path, error, size) from error


def check_file(path: str | Path, thoroughly: bool = True) -> None:
    """Find out whether a checkpoint is what was once written.

    Args:
        path (str | Path): The file. One that torch wrote before it wrote
            archives passes: it tells nothing about itself, reading it does.
        thoroughly (bool): Whether to check the CRC of every part of a file
            that has no checksum of ours. Defaults to True.

    Raises:
        BrokenFileError: If it is empty, cut off, altered or no checkpoint.
    """
    with open(path, 'rb') as file:
        start = file.read(4)
    comment = _comment(path)
    if not start:
        raise BrokenFileError(f'{path} is broken: it is empty')
    if start != _START:
        if comment is None and start.startswith(_PICKLES):
            return
        raise BrokenFileError(
            f'{path} is broken: no checkpoint begins as it does'
        )
    if comment is None:
        raise BrokenFileError(f'{path} is broken: it is cut off')
    altered = False
    if len(comment) == _COMMENT_SIZE:
        altered = comment != _stored_comment(path)
    elif thoroughly:
        altered = _fails_crc(path)
    if altered:
        raise BrokenFileError(
            f'{path} is broken: its content differs from its checksum'
        )


def _comment(path: str | Path) -> bytes | None:
    """That of an archive; None if the file does not end as archives do."""
    with open(path, 'rb') as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LONGEST_END))
        tail = file.read()
    _, end, rest = tail.rpartition(_END)
    comment = rest[18:]
    whole = len(comment) == int.from_bytes(rest[16:18], 'little')
    return comment if end and whole else None


def _fails_crc(path: str | Path) -> bool:
    try:
        with ZipFile(path) as archive:
            return archive.testzip() is not None
    except Exception:  # an altered table of contents: anything may happen
        return True


class _HashingWriter:
    """Hashes and counts what is written.

    When the disk is full it goes on counting, so that the error can say what
    would be needed.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.size = 0
        self._file = file
        self._digest = hashlib.sha256()
        self._tail = b''
        self._error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Take the next bytes; never raises."""
        self.size += len(data)
        self._digest.update(data)
        self._tail = (self._tail + bytes(data[-_END_SIZE:]))[-_END_SIZE:]
        if self._error is None:
            try:
                _write_all(self._file, data)
            except OSError as error:
                self._error = error
        return len(data)

    def flush(self) -> None:
        """Nothing: the file has no buffer."""

    def finish(self) -> None:
        """Add the checksum.

        Raises:
            OSError: The disk's, if it refused anything.
        """
        if self._error is not None:
            raise self._error
        assert self._tail.startswith(_END), 'torch.save wrote no archive'
        comment = _ALGORITHM + self._digest.hexdigest().encode()
        self._file.seek(-2, os.SEEK_END)
        length = len(comment).to_bytes(2, 'little')
        _write_all(self._file, length + comment)


def _write_all(file: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:  # an unbuffered file may take a part
        rest = rest[file.write(rest) :]


def _stored_comment(path: str | Path) -> bytes:
    """The comment that an archive should have, by what is before it."""
    digest = hashlib.sha256()
    rest = os.path.getsize(path) - _COMMENT_SIZE - 2
    with open(path, 'rb') as file:
        while rest > 0:
            chunk = file.read(min(rest, 1 << 20))
            if not chunk:
                break
            digest.update(chunk)
            rest -= len(chunk)
    digest.update(bytes(2))
    return _ALGORITHM + digest.hexdigest().encode()


def _sync_folder(folder: Path) -> None:
    """Bring a renaming to the disk, where folders can be opened."""
    if not hasattr(os, 'O_DIRECTORY'):
        return
    descriptor = os.open(folder, os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _save_error(path: str | Path, error: OSError, size: int) -> SaveError:
    text = f'{path} could not be saved: {error.strerror or error}'
    if error.errno in _NO_ROOM:
        free = shutil.disk_usage(Path(path).parent).free
        text += (
            f'; it needs {size / 1e6:.1f} MB, {free / 1e6:.1f} MB are free in '
            f'{Path(path).parent}'
        )
    return SaveError(f'{text}; what was saved before is intact')
