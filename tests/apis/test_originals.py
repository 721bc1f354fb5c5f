import numpy as np
import torch
from PIL import Image

from trimodal.apis.originals import original_pictures
from trimodal.datasets.preparation import ImagePreparer, SpeechPreparer

PREPARERS = {'speech': SpeechPreparer(), 'photo': ImagePreparer((8, 8))}


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def test_file_is_read_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the left by the camera
    Image.fromarray(picture()).save(tmp_path / 'a.png', exif=exif)
    given = {'image': str(tmp_path / 'a.png'), 'speech': 'a.wav'}
    (name, found), *others = original_pictures(given, PREPARERS).items()
    assert name == 'photo'
    assert not others
    np.testing.assert_array_equal(found, np.rot90(picture(), -1))


def test_arrays_of_either_order():
    for array in (
        picture(),
        torch.from_numpy(picture().transpose(2, 0, 1).copy()),
    ):
        found = original_pictures({'image': array}, PREPARERS)
        np.testing.assert_array_equal(found['photo'], picture())


def test_absent_or_unreadable(tmp_path):
    assert original_pictures({'speech': 'a.wav'}, PREPARERS) == {}
    (tmp_path / 'a.png').write_bytes(b'no picture')
    given = {'image': tmp_path / 'a.png'}
    assert original_pictures(given, PREPARERS) == {}
