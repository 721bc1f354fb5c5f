"""Pictures of samples, predictions, matrices and curves."""

from trimodal.visualization.confusion import plot_confusion_matrix

__all__ = ['plot_confusion_matrix']
