"""From a file of sensor readings to an array."""

import numpy as np

from trimodal.datasets.preparation import MediaError, Prepared, Preparer
from trimodal.registry import TASK_UTILS


@TASK_UTILS.register_module()
class ImuPreparer(Preparer):
    """Reads ``imu_path``: a CSV with six numbers a line, float32 ``[T, 6]``.

    Args:
        sample_rate (int): Lines a second.
    """

    fields = ('imu_path',)
    empty_reason = 'no reading in it'

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate

    @property
    def attributes(self):
        return {'sample_rate': self.sample_rate}

    def __call__(self, path, field, annotation):
        readings = np.loadtxt(path, np.float32, delimiter=',', ndmin=2)
        if not readings.size:
            return None
        if readings.shape[1] != 6:
            raise MediaError(f'has {readings.shape[1]} columns, not 6')
        return Prepared({'data': readings}, annotation)

    def write(self, value, rate, path):
        path = path.with_suffix('.csv')
        np.savetxt(path, value, delimiter=',')
        return path
