"""Silencing native libraries that write to the process's stderr."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_depth = 0
_kept = -1


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send the file descriptor 2 nowhere for a while.

    MediaPipe's C++ side prints a dozen lines for every landmarker and heeds
    no setting. Python's own ``sys.stderr`` is silent too meanwhile; what is
    raised is not lost. Threads may overlap.
    """
    _mute()
    try:
        yield
    finally:
        _unmute()


def _mute() -> None:
    global _depth, _kept
    with _lock:
        if _depth == 0:
            if sys.stderr is not None:  # None without a console
                sys.stderr.flush()
            _kept = os.dup(2)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        _depth += 1


def _unmute() -> None:
    global _depth
    with _lock:
        _depth -= 1
        if _depth == 0:
            os.dup2(_kept, 2)
            os.close(_kept)
