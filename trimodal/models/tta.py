"""Test-time augmentation: one answer from several variants of a sample."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseTTAModel

from trimodal.registry import MODELS
from trimodal.structures import TriModalDataSample

# Predictions that are the mean of what each variant gives.
_AVERAGED = ('pred_score', 'pred_value', 'modality_weights')


@MODELS.register_module()
class TriModalTTAModel(BaseTTAModel):
    """Averages the predictions for the variants of a sample.

    A config names it in ``tta_model`` and the variants in ``tta_pipeline``
    (mmcv's ``TestTimeAug``); ``tools/test.py --tta`` puts it around the
    model. Class scores and values are averaged; boxes and texts can't be.

    Args:
        module (dict | nn.Module): The model, or its config.
        data_preprocessor (dict | nn.Module, optional): For a model without
            one of its own. Defaults to None.
    """

    def merge_preds(
        self, data_samples_list: Sequence[Sequence[TriModalDataSample]]
    ) -> list[TriModalDataSample]:
        """Merge the predictions for each sample's variants.

        Args:
            data_samples_list (Sequence[Sequence[TriModalDataSample]]): For
                each sample the predictions for its variants.

        Returns:
            list[TriModalDataSample]: One data sample per sample, with the
            annotations and meta information of its first variant.

        Raises:
            ValueError: If there are predictions that can't be averaged.
        """
        return [self._merge(variants) for variants in data_samples_list]

    def _merge(
        self, variants: Sequence[TriModalDataSample]
    ) -> TriModalDataSample:
        merged: Any = variants[0].clone()
        known = {*_AVERAGED, 'pred_label'}
        for name in merged.keys():  # noqa: SIM118  # not a mapping
            if name.startswith('pred_') and name not in known:
                raise ValueError(
                    f'{name} of several variants can not be averaged: test '
                    'without --tta'
                )
        for name in _AVERAGED:
            if name in merged:
                values = [getattr(variant, name) for variant in variants]
                setattr(merged, name, torch.stack(values).mean(dim=0))
        if 'pred_score' in merged:
            merged.set_pred_score(merged.pred_score)  # sets the label too
        return merged
