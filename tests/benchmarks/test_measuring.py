"""benchmarks/measuring.py by hand."""

import runpy
import time
from pathlib import Path

import pytest
import torch


@pytest.fixture
def module(repo_root: Path) -> dict:
    return runpy.run_path(str(repo_root / 'benchmarks' / 'measuring.py'))


def test_peak_memory_counts_what_is_held_at_once(module):
    x = torch.zeros(1024, 1024)

    def run() -> None:
        for _ in range(3):
            y = x + 1
            y = y * 2  # two of 4 MiB at a time
            del y

    assert module['peak_memory'](run) == pytest.approx(8 * 2**20, rel=0.001)


def spend(seconds: float) -> None:
    stop = time.process_time() + seconds
    while time.process_time() < stop:
        pass


def test_timed_is_a_median(module):
    spans = [0.01, 0.05, 0.01]
    left = iter(spans)

    def run() -> None:
        spend(next(left))

    assert 0.01 <= module['timed'](run, 3, 0.0, 1.0) < 0.03
    assert not [*left]


def test_timed_stops_at_its_limit(module):
    left = iter(range(100))

    def run() -> None:
        next(left)
        spend(0.01)

    module['timed'](run, 100, 0.0, 0.03)
    assert 90 < len([*left]) < 98


def test_growth_of_a_parabola(module):
    assert module['growth']([1, 2, 4], [3, 12, 48]) == {
        'fitted': 2.0,
        'last': 2.0,
    }
    assert module['growth']([1, 2, 4], [1, 2, 8]) == {
        'fitted': 1.5,
        'last': 2.0,
    }
    assert module['growth']([1], [1]) == {}


def test_inputs_are_always_the_same(module):
    first = module['random_inputs'](2, 100, 5, 8)
    again = module['random_inputs'](2, 100, 5, 8)
    shapes = {'speech': (100,), 'gesture': (5, 2, 21, 3), 'image': (3, 8, 8)}
    assert {name: x[0].shape for name, x in first.items()} == shapes
    for name, parts in first.items():
        assert len(parts) == 2
        assert not torch.equal(*parts)
        torch.testing.assert_close(again[name], parts, atol=0, rtol=0)
