"""A fusion model over the toy data set, for hooks that steer one."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from tests.engine.toy import write_config
from trimodal.models import BaseEncoder, BasePreprocessor
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens


@MODELS.register_module()
class ToyPreprocessor(BasePreprocessor):
    """Vectors, float ``[4]``, to sequences of one step."""

    def forward(
        self, batch: Sequence[Tensor | None], training: bool = False
    ) -> ModalityInput:
        rows = [torch.zeros(4) if x is None else x for x in batch]
        mask = torch.tensor([[x is not None] for x in batch])
        return ModalityInput(torch.stack(rows).unsqueeze(1), mask)


@MODELS.register_module()
class ToyEncoder(BaseEncoder):
    """One linear layer."""

    def __init__(self) -> None:
        super().__init__(8)
        self.linear = nn.Linear(4, 8)

    def forward(self, x: ModalityInput) -> Tokens:
        tokens = Tokens(x.data, x.mask, x.present)
        return tokens.with_x(self.linear(x.data))


MODEL = """
custom_imports = dict(
    imports=['trimodal', 'tests.engine.tiny_fusion'],
    allow_failed_imports=False)
model = dict(
    type='TriModalFusionModel',
    data_preprocessor=dict(
        type='TriModalDataPreprocessor',
        modalities=dict(a=dict(type='ToyPreprocessor'),
                        b=dict(type='ToyPreprocessor'))),
    encoders=dict(a=dict(type='ToyEncoder'), b=dict(type='ToyEncoder')),
    fusion=dict(type='ConcatFusion', modalities=('a', 'b'), in_channels=8,
                out_channels=8),
    heads=dict(cls=dict(type='ClsHead', num_classes=2, in_channels=8)))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
param_scheduler = None
custom_hooks = []
heads = dict(modalities=('a', 'b'), in_channels=8,
             head=dict(type='ClsHead', num_classes=2))
"""


def write_fusion(folder: Path, name: str, extra: str = '') -> str:
    """Write a config with this model, and return its path."""
    return write_config(folder, name, MODEL + extra)
