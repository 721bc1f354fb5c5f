"""mmengine's loggers, each mended where it falls short."""

from trimodal.visualization.backends.local_backend import LocalVisBackend
from trimodal.visualization.backends.mlflow_backend import MLflowVisBackend
from trimodal.visualization.backends.tensorboard_backend import (
    TensorboardVisBackend,
)
from trimodal.visualization.backends.wandb_backend import WandbVisBackend

__all__ = [
    'LocalVisBackend',
    'MLflowVisBackend',
    'TensorboardVisBackend',
    'WandbVisBackend',
]
