"""What preprocessors share."""

import pytest
import torch

from trimodal.models.data_preprocessors.base import (
    BasePreprocessor,
    check_samples,
    longest,
)


def test_longest():
    batch = [torch.zeros(3, 4, 9), None, torch.zeros(3, 7, 2)]
    assert longest(batch, 2, [1, 1]) == [7, 9]
    assert longest([None], 2, [1, 5]) == [1, 5]


def test_check_samples_names_the_sample():
    check_samples([None, torch.zeros(3, 4)], 'thing', [3, None])
    with pytest.raises(ValueError, match=r'thing .*\[3, any\].*sample 1'):
        check_samples([None, torch.zeros(4, 4)], 'thing', [3, None])
    with pytest.raises(ValueError, match=r'\(3,\)'):
        check_samples([torch.zeros(3)], 'thing', [3, None])
    with pytest.raises(ValueError, match='empty'):
        check_samples([], 'thing', [3])


def test_device_follows_the_module():
    class Plain(BasePreprocessor):
        def forward(self, batch, training=False):
            raise AssertionError

    assert Plain().to('meta').device.type == 'meta'
    assert not Plain().state_dict()
