"""A loader that stops early."""

import pytest
from torch.utils.data import DataLoader, SequentialSampler

from trimodal.engine.runner.first_batches import first_batches


@pytest.mark.parametrize(
    ('count', 'expected'),
    [(1, [[0, 1, 2]]), (2, [[0, 1, 2], [3, 4]]), (9, [[0, 1, 2], [3, 4]])],
)
def test_first_batches(count: int, expected: list):
    loader = DataLoader(range(5), batch_size=3, collate_fn=list)
    limited = first_batches(loader, count)
    for _ in range(2):
        assert list(limited) == expected
    assert len(limited) == len(expected)
    # Where mmengine's hook for the epoch looks for the sampler.
    assert isinstance(limited.batch_sampler.sampler, SequentialSampler)


def test_count_must_be_positive():
    with pytest.raises(ValueError, match=r'count .* got 0'):
        first_batches(DataLoader(range(5)), 0)
