"""The contract suite, for our own parts and for a user's."""

from trimodal.testing.contracts import CHECKS, Contract, check_contract
from trimodal.testing.distributed import run_distributed
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
    'Contract',
    'absent_like',
    'absent_stream',
    'check_contract',
    'gesture_samples',
    'image_samples',
    'make_input',
    'run_distributed',
    'speech_samples',
    'stack_inputs',
    'stack_streams',
    'stream_samples',
]
