"""What benchmarks measure with."""

import math
import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile


def random_inputs(
    count: int, speech: int, frames: int, side: int
) -> dict[str, list[Tensor]]:
    """Three modalities as the loader gives them, random but always the same.

    Args:
        count (int): Samples.
        speech (int): Samples of a waveform.
        frames (int): Frames of a gesture, two hands of 21 joints each.
        side (int): Height and width of a picture.

    Returns:
        dict[str, list[Tensor]]: ``speech``, ``gesture`` and ``image``.
    """
    torch.manual_seed(0)
    return {
        'speech': [torch.randn(speech) / 10 for _ in range(count)],
        'gesture': [torch.randn(frames, 2, 21, 3) for _ in range(count)],
        'image': [
            torch.randint(0, 256, (3, side, side), dtype=torch.uint8)
            for _ in range(count)
        ],
    }


def peak_memory(run: Callable[[], object]) -> int:
    """Bytes of tensors that a call holds at most, above what was there."""
    with profile(
        activities=[ProfilerActivity.CPU], profile_memory=True
    ) as profiler:
        run()
    events = profiler.profiler.kineto_results.events()
    held = peak = 0
    for event in sorted(
        (e for e in events if e.name() == '[memory]'),
        key=lambda e: e.start_ns(),
    ):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


def timed(
    run: Callable[[], object], rounds: int, seconds: float, limit: float
) -> float:
    """Median of the processor time of a call, in seconds.

    Args:
        run (Callable[[], object]): The call.
        rounds (int): How often, at least.
        seconds (float): How long in all, at least.
        limit (float): After how long it is enough anyhow.

    Returns:
        float: The median.
    """
    taken: list[float] = []
    while len(taken) < rounds or sum(taken) < seconds:
        if sum(taken) > limit:
            break
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def growth(sizes: Sequence[float], values: Sequence[float]) -> dict:
    """The exponent of values over sizes, fitted and between the last two.

    Args:
        sizes (Sequence[float]): Rising.
        values (Sequence[float]): One a size.

    Returns:
        dict: ``fitted`` and ``last``; empty for fewer than two sizes.
    """
    if len(sizes) < 2:
        return {}
    x = [math.log(size) for size in sizes]
    y = [math.log(value) for value in values]
    return {
        'fitted': round(statistics.linear_regression(x, y).slope, 2),
        'last': round((y[-1] - y[-2]) / (x[-1] - x[-2]), 2),
    }
