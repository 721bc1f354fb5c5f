"""Pictures of samples, predictions, matrices and curves."""

from trimodal.visualization.attention import plot_attention
from trimodal.visualization.backends import (
    LocalVisBackend,
    MLflowVisBackend,
    TensorboardVisBackend,
    WandbVisBackend,
)
from trimodal.visualization.confusion import plot_confusion_matrix
from trimodal.visualization.curves import plot_curves
from trimodal.visualization.sample import draw_sample
from trimodal.visualization.scalars import load_scalars
from trimodal.visualization.visualizer import TriModalVisualizer

__all__ = [
    'LocalVisBackend',
    'MLflowVisBackend',
    'TensorboardVisBackend',
    'TriModalVisualizer',
    'WandbVisBackend',
    'draw_sample',
    'load_scalars',
    'plot_attention',
    'plot_confusion_matrix',
    'plot_curves',
]
