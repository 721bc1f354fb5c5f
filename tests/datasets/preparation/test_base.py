from pathlib import Path

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.preparation.base import (
    MediaError,
    Prepared,
    Preparer,
)


class Imu(Preparer):
    fields = ('imu_path', 'backup_path')

    def __call__(self, path, field, annotation):
        return Prepared({}, annotation)


def test_the_first_field_that_is_there_wins():
    preparer = Imu()
    both = {'backup_path': 'b', 'imu_path': 'a'}
    assert preparer.source(both) == 'imu_path'
    assert preparer.source({'backup_path': 'b'}) == 'backup_path'
    assert preparer.source({'speech_path': 's'}) is None


def test_a_plain_preparer_needs_and_stores_nothing():
    preparer = Imu()
    assert preparer.require({'imu_path'}) == {}
    assert preparer.attributes == {}
    annotation = SampleAnnotation('a')
    prepared = preparer(Path('x'), 'imu_path', annotation)
    assert prepared.annotation is annotation


def test_media_errors_are_value_errors():
    assert issubclass(MediaError, ValueError)
