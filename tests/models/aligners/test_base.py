"""What aligners share."""

import torch

from trimodal.models import BaseAligner
from trimodal.structures import Tokens


class Same(BaseAligner):
    def forward(self, tokens):
        return dict(tokens)


def test_no_loss_by_default():
    mask = torch.ones(1, 2).bool()
    tokens = {'a': Tokens(torch.ones(1, 2, 3), mask, mask.any(1))}
    aligner = Same()
    assert aligner.loss(aligner(tokens)) == {}
