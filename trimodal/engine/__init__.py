"""Training: hooks, optimizers, loops and launching."""

from trimodal.engine.hooks import *  # noqa: F403
from trimodal.engine.optim import *  # noqa: F403
from trimodal.engine.runner import SubsetTestLoop, build_runner

__all__ = ['SubsetTestLoop', 'build_runner']
