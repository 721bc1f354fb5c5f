"""The end of every pipeline: arrays to tensors, annotations to a sample."""

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData
from torch import Tensor

from trimodal.datasets.transforms.base import Results
from trimodal.registry import TRANSFORMS
from trimodal.structures import TriModalDataSample


def to_tensor(array: np.ndarray) -> Tensor:
    """A modality's array as the tensor that a data preprocessor expects.

    A picture (uint8 ``[height, width, 3]``) becomes ``[3, height, width]``;
    other floats become float32; the rest keeps its type. Memory is shared
    only with a writable, contiguous array.

    Args:
        array (np.ndarray): Data of one sample, of any modality.

    Returns:
        Tensor: On the CPU.
    """
    array = np.asarray(array)
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3:
        array = np.ascontiguousarray(array.transpose(2, 0, 1))
    elif np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float32, copy=False)
    if not (array.flags.writeable and array.flags.c_contiguous):
        array = array.copy()
    return torch.from_numpy(array)


@TRANSFORMS.register_module()
class PackInputs(BaseTransform):
    """Turn the pipeline's dict into what a model takes.

    The result is ``{'inputs': {modality: Tensor | None}, 'data_samples':
    TriModalDataSample}``, None for an absent modality. Tensors (see
    :func:`to_tensor`): speech int16 or float32 ``[N]``, gesture float32
    ``[T, H, V, 3]`` with NaN where unseen, image uint8 ``[3, height,
    width]``, and any other key likewise by its type.

    The data sample gets those of ``gt_label``, ``gt_value``, ``gt_text``
    and ``gt_bboxes`` (with ``_labels``, ``_scores`` and ``_crowds``, as
    ``gt_instances``) that the dict has, and the meta fields.

    Args:
        keys (Sequence[str], optional): Modalities to pack. Defaults to
            None: those in ``results['modalities']``.
        meta_keys (Sequence[str]): Keys copied to the meta fields where the
            dict has them; ``present`` (tuple of the modalities that are not
            None) is always added. Defaults to ('sample_id', 'sample_idx',
            'group', 'ori_shape', 'img_shape').

    Raises:
        ValueError: If ``keys`` is empty.

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import PackInputs
        >>> packed = PackInputs()(dict(
        ...     modalities=('speech', 'image'), speech=None, gt_label=2,
        ...     image=np.zeros((4, 6, 3), np.uint8)))
        >>> packed['inputs']['speech'], packed['inputs']['image'].shape
        (None, torch.Size([3, 4, 6]))
        >>> packed['data_samples'].present, packed['data_samples'].gt_label
        (('image',), tensor([2]))
    """

    def __init__(
        self,
        keys: Sequence[str] | None = None,
        meta_keys: Sequence[str] = (
            'sample_id',
            'sample_idx',
            'group',
            'ori_shape',
            'img_shape',
        ),
    ) -> None:
        if keys is not None and not keys:
            raise ValueError(
                'keys must name at least one modality, or be None for all '
                f'of the data set, got {keys!r}'
            )
        self.keys = None if keys is None else tuple(keys)
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: Results) -> Results:
        """Pack one sample."""
        keys = results['modalities'] if self.keys is None else self.keys
        arrays = {key: results.get(key) for key in keys}
        inputs = {
            key: None if array is None else to_tensor(array)
            for key, array in arrays.items()
        }
        present = tuple(key for key in keys if arrays[key] is not None)
        meta = {k: results[k] for k in self.meta_keys if k in results}
        sample = TriModalDataSample(metainfo={**meta, 'present': present})
        return {
            'inputs': inputs,
            'data_samples': _annotated(sample, results),
        }


def _annotated(
    sample: TriModalDataSample, results: Results
) -> TriModalDataSample:
    # Copied, as torch does not take read-only arrays.
    if results.get('gt_label') is not None:
        sample.set_gt_label(np.array(results['gt_label']))
    if results.get('gt_value') is not None:
        sample.set_gt_value(np.array(results['gt_value']))
    if results.get('gt_text') is not None:
        sample.set_gt_text(results['gt_text'])
    fields = {
        'bboxes': ('gt_bboxes', np.float32),
        'labels': ('gt_bboxes_labels', np.int64),
        'scores': ('gt_bboxes_scores', np.float32),
        'crowds': ('gt_bboxes_crowds', bool),
    }
    boxes = {
        field: torch.from_numpy(np.array(results[name], dtype))
        for field, (name, dtype) in fields.items()
        if results.get(name) is not None
    }
    if 'bboxes' in boxes:
        sample.set_gt_instances(InstanceData(**boxes))
    return sample
