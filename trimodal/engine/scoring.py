"""The metrics of a model, without the hooks of a validation."""

from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.runner import TestLoop, ValLoop


@torch.no_grad()
def score(model: BaseModel, loop: ValLoop | TestLoop) -> dict[str, Any]:
    """Validate a model beside the run.

    No hook hears of it: no checkpoint is called the best for it, no schedule
    or early stopping counts it.

    Args:
        model (BaseModel): The model, wrapped or not; left in evaluation.
        loop (ValLoop | TestLoop): Whose data and metrics are used.

    Returns:
        dict[str, Any]: The metrics, the same in all processes.
    """
    model.eval()
    for batch in loop.dataloader:
        samples = model.val_step(batch)
        loop.evaluator.process(data_samples=samples, data_batch=batch)
    return loop.evaluator.evaluate(len(loop.dataloader.dataset))
