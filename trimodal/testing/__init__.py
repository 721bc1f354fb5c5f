"""The contract suite, for our own parts and for a user's."""

from trimodal.testing.contracts import CHECKS, Contract, check_contract
from trimodal.testing.distributed import run_distributed
from trimodal.testing.head_checks import HEAD_CHECKS, check_head
from trimodal.testing.heads import HeadContract
from trimodal.testing.losses import LOSS_CHECKS, LossContract, check_loss
from trimodal.testing.objectives import (
    OBJECTIVE_CHECKS,
    ObjectiveContract,
    check_objective,
    label_samples,
)
from trimodal.testing.samples import (
    absent_like,
    absent_stream,
    gesture_samples,
    image_samples,
    make_input,
    speech_samples,
    stack_inputs,
    stack_streams,
    stream_samples,
)

__all__ = [
    'CHECKS',
    'HEAD_CHECKS',
    'LOSS_CHECKS',
    'OBJECTIVE_CHECKS',
    'Contract',
    'HeadContract',
    'LossContract',
    'ObjectiveContract',
    'absent_like',
    'absent_stream',
    'check_contract',
    'check_head',
    'check_loss',
    'check_objective',
    'gesture_samples',
    'image_samples',
    'label_samples',
    'make_input',
    'run_distributed',
    'speech_samples',
    'stack_inputs',
    'stack_streams',
    'stream_samples',
]
