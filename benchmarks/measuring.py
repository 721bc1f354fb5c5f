"""What benchmarks measure with."""

import math
import statistics
import time
from collections.abc import Callable, Sequence

from torch.profiler import ProfilerActivity, profile


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
