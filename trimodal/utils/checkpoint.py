"""Reading a checkpoint without ever running code from it.

torch's restricted unpickler with an allow-list of exactly what mmengine's
checkpoints hold: tensors, plain Python values, numeric arrays and the log
histories, which mmengine pickles together with their bound methods. Files of
safetensors are read too; there is no code in them.
"""

import functools
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
)
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer

from trimodal.utils.config import ConfigError
from trimodal.utils.saving import BrokenFileError, check_file
from trimodal.utils.weights import is_safetensors, load_weights

_TORCH = tuple(int(part) for part in torch.__version__.split('.')[:2])
_STATISTICS = ('min', 'max', 'current', 'mean')
_ANNEALING = ('_annealing_cos', '_annealing_linear')
# What reading a damaged file comes to, besides what torch says of it.
_DAMAGE = (
    AssertionError,
    EOFError,
    LookupError,
    TypeError,
    UnicodeError,
    struct.error,
)
_DAMAGE_TEXT = re.compile(
    'PytorchStreamReader|Invalid (magic|protocol)|unexpected EOF|legacy .tar'
    '|wrong byte size|restore data location'
)


class RefusedFileError(ConfigError, UnpicklingError):
    """A file holds what could run code; nothing of it was run."""


def load_file(file: Any, map_location: Any = None) -> Any:
    """Read a checkpoint file without ever running code from it.

    Args:
        file (Any): Path or binary file object. Of a path that ends in
            ``.safetensors`` a dictionary with ``state_dict`` and ``meta`` is
            made.
        map_location (Any): As for :func:`torch.load`. Defaults to None.

    Returns:
        Any: What the file holds.

    Raises:
        BrokenFileError: If the file is cut off, or differs from its checksum
            or, one of safetensors, from that in its name.
        RefusedFileError: If the file holds anything but tensors, plain Python
            values, numeric arrays and mmengine's log histories.
    """
    if is_safetensors(file):
        return load_weights(file, map_location)
    if isinstance(file, str | Path):
        check_file(file, thoroughly=False)
    with refusing_code(file):
        return torch.load(file, map_location=map_location, weights_only=True)


def peek_file(path: str | Path) -> Any:
    """Look into a checkpoint that was checked; its tensors stay on the disk.

    Args:
        path (str | Path): No file of safetensors.

    Returns:
        Any: What the file holds, on the CPU.

    Raises:
        BrokenFileError: As of :func:`load_file`.
        RefusedFileError: Likewise.
    """
    mmap = zipfile.is_zipfile(path)  # others can't be read in parts
    with refusing_code(path):
        return torch.load(path, 'cpu', weights_only=True, mmap=mmap)


@contextmanager
def refusing_code(file: Any) -> Iterator[None]:
    """Let ``torch.load(..., weights_only=True)`` read mmengine's own files.

    Args:
        file (Any): What is being read, for the message.

    Raises:
        RefusedFileError: If the file holds anything else.
        BrokenFileError: If it is no checkpoint at all.
    """
    try:
        with _allowing_histories():
            yield
    except UnpicklingError as error:
        raise RefusedFileError(_refusal(file, str(error))) from None
    except _DAMAGE as error:
        raise BrokenFileError(f'{file} is broken or no checkpoint') from error
    except RuntimeError as error:
        if _DAMAGE_TEXT.search(str(error)) is None:
            raise  # a device that is not there, for example
        raise BrokenFileError(f'{file} is broken or no checkpoint') from error


def _refusal(file: Any, text: str) -> str:
    names = r'GLOBAL (getattr\(.*?\)|\S+)|(<(?:class|function) [^>]+>)'
    found = re.search(names, text)
    if found is None:
        return (
            f'{file} was not loaded: it is broken, no checkpoint, or holds '
            'other things than tensors and plain values'
        )
    return (
        f'{file} was not loaded: it holds {found[1] or found[2]}, which no '
        'mmengine checkpoint needs and which could run code. Only if you '
        'trust its author, rewrite it as plain tensors: torch.save(torch.'
        'load(..., weights_only=False)["state_dict"], ...).'
    )


def _allowing_histories() -> AbstractContextManager:
    if _TORCH < (2, 7):  # reads our own checkpoints, not those of others
        return nullcontext()
    return torch.serialization.safe_globals(_allowed_globals())


def plain_history(history: HistoryBuffer) -> dict[str, Any]:
    """A log history as plain data: two tensors ``[N]`` and its limit."""
    values, counts = history.data
    return {
        'log_history': torch.from_numpy(values.copy()),
        'count_history': torch.from_numpy(counts.copy()),
        'max_length': history.max_length,
    }


def history_from_plain(plain: Mapping[str, Any]) -> HistoryBuffer:
    """The opposite of :func:`plain_history`, to the bit."""
    return HistoryBuffer(
        plain['log_history'].cpu().numpy(),
        plain['count_history'].cpu().numpy(),
        plain['max_length'],
    )


class _PickledHistory(HistoryBuffer):
    """A history that takes from a pickle its numbers and nothing else."""

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        values, counts = state['_log_history'], state['_count_history']
        HistoryBuffer.__init__(self, values, counts, state['max_length'])


class _OneCycle:
    """Stands for the class OneCycleParamScheduler inside a checkpoint."""


def _restricted_getattr(owner: Any, name: str) -> Any:
    """``getattr`` as checkpoints need it: for two classes, six names."""
    if owner is _PickledHistory and name in _STATISTICS:
        return name  # a pickled method is never used, see _PickledHistory
    if owner is _OneCycle and name in _ANNEALING:
        from mmengine.optim.scheduler import param_scheduler

        return getattr(param_scheduler.OneCycleParamScheduler, name)
    raise UnpicklingError(f'GLOBAL getattr({owner!r}, {name!r})')


@functools.cache
def _allowed_globals() -> list[Any]:
    """What may stand in a checkpoint, with the name it has there."""
    # Numbers only: crafted states of other dtypes could corrupt memory.
    dtypes = {type(np.dtype(code)) for code in '?bhilqBHILQefdgFDG'}
    rebuild = np.empty(0).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    schedulers = 'mmengine.optim.scheduler.param_scheduler'
    allowed: list[Any] = [
        (_PickledHistory, 'mmengine.logging.history_buffer.HistoryBuffer'),
        (_OneCycle, f'{schedulers}.OneCycleParamScheduler'),
        (_restricted_getattr, 'builtins.getattr'),
        (np.ndarray, 'numpy.ndarray'),
        (np.dtype, 'numpy.dtype'),
        *sorted(dtypes, key=lambda dtype: dtype.__name__),
    ]
    for core in ('numpy.core', 'numpy._core'):  # numpy 1 and 2
        allowed.append((rebuild, f'{core}.multiarray._reconstruct'))
        allowed.append((scalar, f'{core}.multiarray.scalar'))
    return allowed
