"""Annotations and predictions of one sample, whatever its task."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.structures import BaseDataElement, InstanceData
from torch import Tensor

Label = int | Sequence[int] | np.ndarray | Tensor
Scores = Sequence[float] | np.ndarray | Tensor


class TriModalDataSample(BaseDataElement):
    """What is known of a sample and what a model says of it.

    Data fields, each of them optional:

    - ``gt_label``, ``pred_label``: int64 ``[K]`` class indices.
    - ``gt_score``, ``pred_score``: float32 ``[classes]``.
    - ``gt_value``, ``pred_value``: float32 ``[D]``, regression targets.
    - ``gt_text``, ``pred_text``: str, a transcription.
    - ``pred_text_score``: float32 ``[1]``, the logarithm of its probability.
    - ``gt_instances``, ``pred_instances``: ``InstanceData`` with ``bboxes``
      float32 ``[N, 4]`` (x1, y1, x2, y2 in pixels: of ``img_shape`` in
      ``gt_instances``, of ``ori_shape`` in ``pred_instances``), ``labels``
      int64 ``[N]`` and, for predictions, ``scores`` float32 ``[N]``. True
      boxes may have ``crowds`` bool ``[N]``: not to be counted where True.
    - ``modality_weights``: float32 ``[M]``, the fusion's shares.

    Meta fields: ``sample_id`` (str), ``sample_idx`` (int), ``group`` (str or
    None), ``present`` (tuple of the modalities the sample has), ``ori_shape``
    and ``img_shape`` (height, width of the picture on disk and as given to
    the model), ``label_threshold`` (float, where ``pred_label`` may be
    several or none: the score from which on a class is predicted).

    Examples:
        >>> from trimodal.structures import TriModalDataSample
        >>> sample = TriModalDataSample(metainfo=dict(sample_id='a'))
        >>> sample.set_gt_label(3).set_pred_score([0.1, 0.2, 0.1, 0.6])
        ...     # doctest: +ELLIPSIS
        <TriModalDataSample(...
        >>> sample.pred_label
        tensor([3])
    """

    def set_gt_label(self, value: Label) -> 'TriModalDataSample':
        """Set ``gt_label``: one class index or several."""
        return self._set_tensor('gt_label', value, torch.int64)

    def set_pred_label(self, value: Label) -> 'TriModalDataSample':
        """Set ``pred_label``: one class index or several."""
        return self._set_tensor('pred_label', value, torch.int64)

    def set_gt_score(self, value: Scores) -> 'TriModalDataSample':
        """Set ``gt_score``: a value per class."""
        return self._set_tensor('gt_score', value, torch.float32)

    def set_pred_score(
        self, value: Scores, threshold: float | None = None
    ) -> 'TriModalDataSample':
        """Set ``pred_score``, and ``pred_label`` to its largest entry.

        With a ``threshold``, for models of which a sample may be of several
        classes or none, ``pred_label`` are all that have this score or more,
        and the threshold becomes the meta field ``label_threshold``.
        """
        self._set_tensor('pred_score', value, torch.float32)
        if threshold is None:
            return self.set_pred_label(self.pred_score.argmax())
        self.set_metainfo({'label_threshold': threshold})
        chosen = (self.pred_score >= threshold).nonzero()
        return self.set_pred_label(chosen.reshape(-1))

    def set_gt_value(self, value: float | Scores) -> 'TriModalDataSample':
        """Set ``gt_value``: the target of a regression."""
        return self._set_tensor('gt_value', value, torch.float32)

    def set_pred_value(self, value: float | Scores) -> 'TriModalDataSample':
        """Set ``pred_value``: the result of a regression."""
        return self._set_tensor('pred_value', value, torch.float32)

    def set_gt_text(self, value: str) -> 'TriModalDataSample':
        """Set ``gt_text``: the true transcription."""
        return self._set_text('gt_text', value)

    def set_pred_text(self, value: str) -> 'TriModalDataSample':
        """Set ``pred_text``: the predicted transcription."""
        return self._set_text('pred_text', value)

    def set_pred_text_score(
        self, value: float | Tensor
    ) -> 'TriModalDataSample':
        """Set ``pred_text_score``: how likely ``pred_text`` is, as a log."""
        return self._set_tensor('pred_text_score', value, torch.float32)

    def set_gt_instances(self, value: InstanceData) -> 'TriModalDataSample':
        """Set ``gt_instances``: the true boxes."""
        self.set_field(value, 'gt_instances', dtype=InstanceData)
        return self

    def set_pred_instances(self, value: InstanceData) -> 'TriModalDataSample':
        """Set ``pred_instances``: the predicted boxes."""
        self.set_field(value, 'pred_instances', dtype=InstanceData)
        return self

    def _set_text(self, name: str, value: str) -> 'TriModalDataSample':
        if not isinstance(value, str):
            raise TypeError(f'{name} must be a str, got {value!r}')
        self.set_field(value, name, dtype=str)
        return self

    def _set_tensor(
        self,
        name: str,
        value: float | Sequence[float] | np.ndarray | Tensor,
        dtype: torch.dtype,
    ) -> 'TriModalDataSample':
        if isinstance(value, int | float):
            value = [value]
        tensor = torch.as_tensor(value).to(dtype)
        if tensor.dim() > 1:
            raise ValueError(
                f'{name} must be a number or one-dimensional, got shape '
                f'{tuple(tensor.shape)}'
            )
        self.set_field(tensor.reshape(-1), name, dtype=Tensor)
        return self
