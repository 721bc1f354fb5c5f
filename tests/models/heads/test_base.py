"""What heads share."""

import pytest

from trimodal.models import BaseHead


def test_a_head_must_answer():
    with pytest.raises(TypeError, match='abstract'):
        BaseHead(4)


def test_in_channels_are_known():
    class Plain(BaseHead):
        def forward(self, fused):
            return fused.pooled

        def loss(self, fused, data_samples):
            return {}

        def predict(self, fused, data_samples):
            return list(data_samples)

    assert Plain(4).in_channels == 4
