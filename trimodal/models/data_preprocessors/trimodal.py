"""One preprocessor a modality, in one loop."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import nn

from trimodal.registry import MODELS
from trimodal.structures import ModalityInput
from trimodal.utils import build


@MODELS.register_module()
class TriModalDataPreprocessor(BaseDataPreprocessor):
    """Moves a batch to the device and gives each modality its preprocessor.

    Args:
        modalities (Mapping[str, Mapping | nn.Module]): The preprocessor of
            each modality, or its config.
        batch_augments (Sequence[Mapping | nn.Module]): Augmentations that mix
            samples, such as ``Mixup``, or their configs. In training one of
            them, drawn anew, gets each batch. Defaults to ().
        non_blocking (bool): Whether copies to the device may run beside the
            computation. Defaults to False.

    Raises:
        ValueError: If ``modalities`` is empty.

    Examples:
        >>> import torch
        >>> preprocessor = TriModalDataPreprocessor(
        ...     modalities=dict(speech=dict(type='SpeechPreprocessor')))
        >>> batch = preprocessor({'inputs': {'speech': [torch.zeros(8000)]}})
        >>> batch['inputs']['speech'].data.shape
        torch.Size([1, 52, 80])
    """

    def __init__(
        self,
        modalities: Mapping[str, Mapping | nn.Module],
        batch_augments: Sequence[Mapping | nn.Module] = (),
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        if not modalities:
            raise ValueError('modalities must name at least one, got none')
        self.modalities = nn.ModuleDict(
            {name: build(item, MODELS) for name, item in modalities.items()}
        )
        self.batch_augments = nn.ModuleList(
            build(item, MODELS) for item in batch_augments
        )

    def forward(
        self, data: Mapping[str, Any], training: bool = False
    ) -> dict[str, Any]:
        """Prepare a batch; what was given stays as it is.

        Args:
            data (Mapping[str, Any]): ``inputs``, a mapping from modality to
                a list with a tensor or None a sample (a modality may be
                missing: then nobody has it), and, optionally,
                ``data_samples``.
            training (bool): Whether to augment. Defaults to False.

        Returns:
            dict[str, Any]: ``inputs``, a dict of :class:`ModalityInput`, and
            ``data_samples``.

        Raises:
            ValueError: If no configured modality is among the inputs, they
                have different numbers of samples, or there are no
                ``data_samples`` to be mixed.
        """
        data = self.cast_data(data)
        inputs, samples = data['inputs'], data.get('data_samples')
        size = self._batch_size(inputs, samples)
        prepared: dict[str, ModalityInput] = {
            name: preprocessor(inputs.get(name, [None] * size), training)
            for name, preprocessor in self.modalities.items()
        }
        if training and self.batch_augments:
            prepared, samples = self._augment(prepared, samples)
        return {'inputs': prepared, 'data_samples': samples}

    def _augment(
        self, inputs: dict[str, ModalityInput], samples: Sequence | None
    ) -> tuple[dict[str, ModalityInput], Sequence]:
        if samples is None:
            raise ValueError(
                'batch_augments need data_samples in training, got None'
            )
        index = int(torch.randint(len(self.batch_augments), ()))
        return self.batch_augments[index](inputs, samples)

    def _batch_size(
        self, inputs: Mapping[str, Sequence], samples: Sequence | None
    ) -> int:
        sizes = {
            name: len(batch)
            for name, batch in inputs.items()
            if name in self.modalities
        }
        if samples is not None:
            sizes['data_samples'] = len(samples)
        if len(set(sizes.values())) != 1:
            raise ValueError(
                'inputs must have one list per modality, all of the same '
                f'length, for some of {sorted(self.modalities)}; got lengths '
                f'{sizes} from keys {sorted(inputs)}'
            )
        return next(iter(sizes.values()))
