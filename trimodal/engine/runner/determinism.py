"""What torch says of operations that are not the same every time."""

import os
import traceback
from pathlib import Path

import torch

# As torch refuses them; of some it does not say the name.
_REFUSED = 'torch.use_deterministic_algorithms(True)'
_NAMED = ' does not have a deterministic implementation'
_CUBLAS = 'CUBLAS_WORKSPACE_CONFIG'
_OPTION = '--deterministic (randomness.deterministic=True)'


def refused_operation(error: RuntimeError) -> str | None:
    """Say in a line which operation has no deterministic version, and where.

    Args:
        error (RuntimeError): What stopped a run.

    Returns:
        str | None: What to tell the user; None if it was something else.
    """
    text = str(error)
    if _REFUSED not in text:
        return None
    if _CUBLAS in text:
        return (
            f'{_OPTION} needs {_CUBLAS}=:4096:8 or :16:8 in the environment, '
            f'and it is {os.environ.get(_CUBLAS)!r}: do not set it, or so'
        )
    name, named, _ = text.partition(_NAMED)
    what = name.split()[-1] if named else 'an operation'
    return (
        f'{what} ({_place(error)}) has no deterministic version on '
        f'{_device()}, and {_OPTION} allows no other: leave that out, or the '
        'part that needs this operation'
    )


def _place(error: RuntimeError) -> str:
    """The innermost line that is not torch's; in a backward pass none is."""
    ours = Path(torch.__file__).parent
    frames = traceback.extract_tb(error.__traceback__)
    outside = [
        index
        for index, frame in enumerate(frames)
        if ours not in Path(frame.filename).parents
    ]
    last = max(outside, default=0)
    if any(frame.name == 'backward' for frame in frames[last + 1 :]):
        return 'in the backward pass'
    return f'{Path(frames[last].filename).name}:{frames[last].lineno}'


def _device() -> str:
    return 'a GPU' if torch.cuda.is_available() else 'a CPU'
