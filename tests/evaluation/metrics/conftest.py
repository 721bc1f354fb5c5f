from collections.abc import Callable

import numpy as np
import pytest
import torch

from trimodal.structures import TriModalDataSample


@pytest.fixture
def samples() -> Callable[..., list[dict]]:
    """Make what mmengine's Evaluator hands to a metric."""

    def make(scores, targets, present=None) -> list[dict]:
        made = []
        for i, (score, target) in enumerate(zip(scores, targets, strict=True)):
            sample = TriModalDataSample(
                metainfo={
                    'sample_id': f's{i}',
                    'present': present[i] if present else ('speech',),
                }
            )
            sample.set_pred_score(torch.as_tensor(np.asarray(score)))
            if target is not None:
                sample.set_gt_label(int(target))
            made.append(sample.to_dict())
        return made

    return make
