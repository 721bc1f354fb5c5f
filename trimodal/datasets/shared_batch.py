"""Batches that come out of a worker as one piece of shared memory.

torch hands each tensor of a batch over as a file of its own, for which the
training process asks the worker one by one. A batch of 32 samples has 128:
on a busy machine that took longer than the training step.
"""

import io
import pickle
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from torch import Tensor
from torch.utils.data import get_worker_info

from trimodal.registry import FUNCTIONS

ALIGNMENT = 64  # bytes; what vector instructions like best
# A label lives longer than its batch: below this size tensors are copied, so
# that whoever keeps one does not keep the memory of all.
SMALL = 4096


@FUNCTIONS.register_module()
def shared_collate(samples: Sequence[Any], _scope_: str = '') -> Any:
    """As ``pseudo_collate`` of mmengine, with a batch that travels well.

    Args:
        samples (Sequence[Any]): From a data set.
        _scope_ (str): Not used: mmengine writes it into every dict that is
            inherited from another package's config, and hands it on.

    Returns:
        Any: What ``pseudo_collate`` gives: of dicts, a dict of lists.
    """
    batch = pseudo_collate(samples)
    if get_worker_info() is None or not isinstance(batch, dict):
        return batch
    return SharedBatch(batch)


class SharedBatch(dict):
    """A dict that is pickled as one tensor and the rest, and back to a dict.

    Its large tensors are views of one memory afterwards.

    Examples:
        >>> import pickle, torch
        >>> batch = SharedBatch(inputs={'x': [torch.zeros(5000), None]})
        >>> again = pickle.loads(pickle.dumps(batch))
        >>> type(again), again['inputs']['x'][0].shape
        (<class 'dict'>, torch.Size([5000]))
    """

    def __reduce__(self) -> tuple:
        """Gather the tensors."""
        file = io.BytesIO()
        pickler = _Gathering(file)
        pickler.dump(dict(self))
        return _rebuild, (pickler.joined(), file.getvalue())


class _Gathering(pickle.Pickler):
    """Puts places in the place of tensors."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._large: list[Tensor] = []
        self._size = 0

    def persistent_id(self, value: Any) -> Any:
        if type(value) is not Tensor or not _is_plain(value):
            return None
        raw = value.contiguous().reshape(-1).view(torch.uint8)
        kind = (value.dtype, tuple(value.shape))
        if len(raw) <= SMALL:
            return *kind, raw.numpy().tobytes()
        place = self._size
        self._large.append(raw)
        self._size += -(-len(raw) // ALIGNMENT) * ALIGNMENT
        return *kind, place

    def joined(self) -> Tensor:
        """All large tensors, one after the other."""
        whole = torch.empty(self._size, dtype=torch.uint8)
        place = 0
        for raw in self._large:
            whole[place : place + len(raw)] = raw
            place += -(-len(raw) // ALIGNMENT) * ALIGNMENT
        return whole


def _is_plain(value: Tensor) -> bool:
    return (
        value.device.type == 'cpu'
        and value.layout is torch.strided
        and not value.requires_grad
        and not value.is_quantized
        and not value.is_conj()
        and value.dim() > 0
    )


class _Placing(pickle.Unpickler):
    """Puts the tensors back."""

    def __init__(self, file: io.BytesIO, whole: Tensor) -> None:
        super().__init__(file)
        self._whole = whole

    def persistent_load(self, saved: Any) -> Tensor:
        dtype, shape, content = saved
        if isinstance(content, bytes):
            empty = torch.empty(shape, dtype=dtype)
            if content:
                raw = torch.frombuffer(bytearray(content), dtype=torch.uint8)
                empty.view(-1).view(torch.uint8).copy_(raw)
            return empty
        count = dtype.itemsize * int(torch.Size(shape).numel())
        raw = self._whole[content : content + count]
        return raw.view(dtype).view(shape)


def _rebuild(whole: Tensor, rest: bytes) -> dict[str, Any]:
    return _Placing(io.BytesIO(rest), whole).load()
