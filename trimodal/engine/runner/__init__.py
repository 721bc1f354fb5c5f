"""Config loading, launching, loops."""

from trimodal.engine.runner.configuration import test_config, train_config
from trimodal.engine.runner.iter_loop import IterBasedTrainLoop
from trimodal.engine.runner.launch import (
    best_checkpoint,
    build_runner,
    test,
    train,
)
from trimodal.engine.runner.loops import SubsetTestLoop
from trimodal.engine.runner.options import TestOptions, TrainOptions
from trimodal.engine.runner.replaying import replay

__all__ = [
    'IterBasedTrainLoop',
    'SubsetTestLoop',
    'TestOptions',
    'TrainOptions',
    'best_checkpoint',
    'build_runner',
    'replay',
    'test',
    'test_config',
    'train',
    'train_config',
]
