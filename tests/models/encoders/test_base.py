"""What encoders share."""

import pytest
import torch

from trimodal.models import BaseEncoder
from trimodal.structures import ModalityInput, Tokens


def test_an_encoder_must_encode():
    with pytest.raises(TypeError, match='abstract'):
        BaseEncoder(4)


def test_out_channels_and_init_cfg():
    class Plain(BaseEncoder):
        def __init__(self, init_cfg=None):
            super().__init__(4, init_cfg)
            self.linear = torch.nn.Linear(2, 4)

        def forward(self, x: ModalityInput) -> Tokens:
            return Tokens(self.linear(x.data), x.mask, x.present)

    encoder = Plain({'type': 'Constant', 'layer': 'Linear', 'val': 3.0})
    encoder.init_weights()
    assert encoder.out_channels == 4
    assert (encoder.linear.weight == 3).all()
