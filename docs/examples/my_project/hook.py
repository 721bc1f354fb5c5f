"""What else happens while a model is trained."""

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from trimodal.registry import HOOKS


@HOOKS.register_module()
class WeightsHook(Hook):
    """Says after each validation what each modality weighed, on average."""

    def before_val_epoch(self, runner):
        self.weights = []

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.weights += [sample.modality_weights for sample in outputs]

    def after_val_epoch(self, runner, metrics=None):
        means = torch.stack(self.weights).mean(0).tolist()
        model = runner.model
        names = (model.module if is_model_wrapper(model) else model).modalities
        shares = [f'{n} {m:.2f}' for n, m in zip(names, means, strict=True)]
        runner.logger.info(f'Modality weights: {", ".join(shares)}')
