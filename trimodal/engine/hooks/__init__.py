"""What a run does besides training: random state, epochs, progress."""

from trimodal.engine.hooks.dataset_epoch_hook import DatasetEpochHook
from trimodal.engine.hooks.early_stopping_hook import EarlyStoppingHook
from trimodal.engine.hooks.random_state_hook import RandomStateHook
from trimodal.engine.hooks.resume_validation_hook import ResumeValidationHook
from trimodal.engine.hooks.rich_progress_hook import RichProgressHook

__all__ = [
    'DatasetEpochHook',
    'EarlyStoppingHook',
    'RandomStateHook',
    'ResumeValidationHook',
    'RichProgressHook',
]
