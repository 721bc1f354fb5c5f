"""Test-time augmentation: one answer from several variants of a sample."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseTTAModel
from torch import nn

from trimodal.registry import MODELS
from trimodal.structures import TriModalDataSample

# Predictions that are the mean of what each variant gives.
_AVERAGED = ('pred_score', 'pred_value', 'modality_weights')


@MODELS.register_module()
class TriModalTTAModel(BaseTTAModel):
    """Averages the predictions for the variants of a sample.

    A config names it in ``tta_model`` and the variants in ``tta_pipeline``
    (mmcv's ``TestTimeAug``); ``tools/test.py --tta`` puts it around the
    model. Class scores and values are averaged, and the classes follow from
    the mean scores. Boxes and texts can't be averaged.

    Args:
        module (dict | nn.Module): The model, or its config.
        data_preprocessor (dict | nn.Module, optional): For a model without
            one of its own. Defaults to None.
        others (str): What becomes of predictions that can't be averaged:
            ``'refuse'`` raises; ``'first'`` takes those for the first
            variant, which should then be the one that changes nothing.
            Defaults to 'refuse'.

    Raises:
        ValueError: If ``others`` is another value.
    """

    def __init__(
        self,
        module: dict | nn.Module,
        data_preprocessor: dict | nn.Module | None = None,
        others: str = 'refuse',
    ) -> None:
        super().__init__(module, data_preprocessor)
        if others not in ('refuse', 'first'):
            raise ValueError(
                f"others must be 'refuse' or 'first', got {others!r}"
            )
        self.others = others

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
            ValueError: If there are predictions that can't be averaged and
                ``others`` is 'refuse'.
        """
        return [self._merge(variants) for variants in data_samples_list]

    def _merge(
        self, variants: Sequence[TriModalDataSample]
    ) -> TriModalDataSample:
        merged: Any = variants[0].clone()
        if self.others == 'refuse':
            _refuse_others(merged)
        for name in _AVERAGED:
            if name in merged:
                values = [getattr(variant, name) for variant in variants]
                setattr(merged, name, torch.stack(values).mean(dim=0))
        if 'pred_score' in merged:
            _relabel(merged)
        return merged


def _relabel(sample: TriModalDataSample) -> None:
    """Let the classes follow from the scores, as they did before."""
    count = len(sample.get('pred_label', (0,)))
    threshold = sample.get('label_threshold')
    sample.set_pred_score(sample.pred_score, threshold)
    if threshold is None and count > 1:  # always so many
        sample.set_pred_label(sample.pred_score.topk(count).indices)


def _refuse_others(sample: TriModalDataSample) -> None:
    known = set(_AVERAGED)
    if 'pred_score' in sample:
        known.add('pred_label')
    others = sorted(
        name
        for name in sample.keys()  # noqa: SIM118  # not a mapping
        if name.startswith('pred_') and name not in known
    )
    if others:
        raise ValueError(
            f'{" and ".join(others)} of several variants can not be '
            "averaged: test without --tta, or set tta_model.others='first' "
            'for those of the first variant'
        )
