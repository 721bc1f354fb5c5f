"""Parts of one's own: importing this package registers them all."""

from my_project import (
    dataset,
    encoder,
    fusion,
    head,
    hook,
    loss,
    metric,
    preparer,
    preprocessor,
    transform,
)

__all__ = [
    'dataset',
    'encoder',
    'fusion',
    'head',
    'hook',
    'loss',
    'metric',
    'preparer',
    'preprocessor',
    'transform',
]
