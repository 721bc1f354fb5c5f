"""A fourth modality, as a user would write it; and files that misbehave."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from trimodal.datasets.preparation.base import Prepared, Preparer
from trimodal.registry import TASK_UTILS


@TASK_UTILS.register_module()
class ReadingsPreparer(Preparer):
    """Reads ``imu_path``: numbers, or a word that says what to do.

    Args:
        factor (float): What the numbers are multiplied by. Defaults to 1.0.
        seconds (float): How long each file takes. Defaults to 0.0.
    """

    fields = ('imu_path',)
    empty_reason = 'no movement'

    def __init__(self, factor: float = 1.0, seconds: float = 0.0) -> None:
        self.factor = factor
        self.seconds = seconds

    @property
    def attributes(self):
        return {'factor': self.factor}

    def require(self, fields):
        return {'imu': '1.0'} if 'imu_path' in fields else {}

    def __call__(self, path: Path, field, annotation):
        time.sleep(self.seconds)
        text = path.read_text()
        if text == 'crash':
            os.kill(os.getpid(), signal.SIGSEGV)
        if text == 'crash once':
            path.write_text('1 2 3')
            os.kill(os.getpid(), signal.SIGKILL)
        if text == 'exit':
            os._exit(7)
        if text == 'empty':
            return None
        numbers = np.array(text.split(), np.float32) * self.factor
        return Prepared({'data': numbers}, annotation)


CONFIG = {
    'type': 'tests.datasets.preparation.plugin.ReadingsPreparer',
}


def write_imu(folder: Path, texts: list[str]) -> list[dict]:
    """Write files and the samples that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    for index, text in enumerate(texts):
        (folder / f'{index}.txt').write_text(text)
        samples.append({'id': f's{index:02d}', 'imu_path': f'{index}.txt'})
    return samples
