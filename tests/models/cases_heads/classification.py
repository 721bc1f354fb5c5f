"""Contracts of the classification heads."""

from trimodal.testing import HeadContract

CLS = {'type': 'ClsHead', 'num_classes': 3, 'in_channels': 12}

CONTRACTS = [
    HeadContract(CLS, id='cls'),
    HeadContract({**CLS, 'hidden_channels': (6,)}, id='cls-hidden'),
    HeadContract(
        {**CLS, 'num_classes': 12, 'decisions': True}, id='cls-decisions'
    ),
]
