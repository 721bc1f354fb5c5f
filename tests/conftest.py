"""What every test gets: one thread, fixed seeds, a clean global state."""

import os
import random
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope
from mmengine.utils import ManagerMixin

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Leave the cores to pytest's own processes."""
    for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
        os.environ.setdefault(name, '1')
    torch.set_num_threads(1)


@pytest.fixture(scope='session')
def repo_root() -> Path:
    """The folder that holds setup.py."""
    return ROOT


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """Seed every global generator, whatever ran before."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


def named_classes(parent: type = ManagerMixin) -> Iterator[type]:
    """Every class whose instances mmengine keeps by name in the process.

    Two runners born in one second have one name, and would share their
    visualizer, message hub and logger with all that is in them.
    """
    for cls in parent.__subclasses__():
        yield cls
        yield from named_classes(cls)


@pytest.fixture(autouse=True)
def clean_globals() -> Iterator[None]:
    """Start in the scope ``trimodal``; undo what mmengine keeps by name."""
    kept = {cls: cls._instance_dict for cls in named_classes()}
    deterministic = torch.are_deterministic_algorithms_enabled()
    threads = torch.get_num_threads()
    for cls in kept:
        cls._instance_dict = OrderedDict()
    DefaultScope.get_instance('tests', scope_name='trimodal')
    yield
    for logger in MMLogger._instance_dict.values():
        for handler in logger.handlers:
            handler.close()
    for cls in named_classes():
        cls._instance_dict = kept.get(cls, OrderedDict())
    torch.use_deterministic_algorithms(deterministic)
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def work_tree_guard() -> Iterator[None]:
    """Fail a test that leaves files in the repository's top folder.

    Only in CI: a developer may well work in the tree while tests run.
    """
    before = set(os.listdir(ROOT)) if os.environ.get('CI') else None
    yield
    if before is not None:
        left = sorted(set(os.listdir(ROOT)) - before)
        caches = {'.mypy_cache', '.pytest_cache', '.ruff_cache', '.dist_test'}
        assert set(left) <= caches, f'the test left {left}; use tmp_path'
