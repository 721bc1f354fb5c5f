import av
import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from trimodal.apis.media import check_inputs, write_media

FIELDS = ('speech_path', 'gesture_path', 'video_path', 'image_path')


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'take_1.wav'
    path.write_bytes(b'')
    return path


def write(tmp_path, key: str, value) -> str:
    (given,) = check_inputs({key: value}, FIELDS)
    media = write_media(given, FIELDS, tmp_path)
    assert list(media) == [f'{key}_path']
    return media[f'{key}_path']


def test_ids(file):
    inputs = [
        {'speech': file},
        {'speech': str(file), 'image': None},
        {'image': np.zeros((2, 2, 3), np.uint8)},
        {'speech': file, 'id': 'mine'},
    ]
    checked = check_inputs(inputs, FIELDS)
    assert [item['id'] for item in checked] == [
        'take_1',
        'take_1_2',
        'sample_2',
        'mine',
    ]
    assert 'image' not in checked[1]
    assert 'id' not in inputs[0]


def test_refuses(tmp_path, file):
    with pytest.raises(TypeError, match=r'such as .*file.*, got str'):
        check_inputs(['a.wav'], FIELDS)
    with pytest.raises(ValueError, match=r"got \['voice'\]"):
        check_inputs({'voice': file}, FIELDS)
    with pytest.raises(ValueError, match='input 1 must have one or more of'):
        check_inputs([{'speech': file}, {'speech': None, 'id': 'a'}], FIELDS)
    with pytest.raises(FileNotFoundError, match=r'no file .*gone\.wav \(spe'):
        check_inputs({'speech': tmp_path / 'gone.wav'}, FIELDS)


def test_files_stay_where_they_are(file, tmp_path):
    assert write(tmp_path, 'speech', file) == str(file)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize('shape', [(800,), (800, 2), (2, 800)])
def test_sound(tmp_path, shape):
    wave = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    path = write(tmp_path, 'speech', (wave, 8000))
    read, rate = soundfile.read(path, dtype='float32')
    assert rate == 8000
    np.testing.assert_array_equal(read, wave.T if shape[0] == 2 else wave)


def test_sound_of_int16_and_of_a_tensor(tmp_path):
    wave = torch.arange(-400, 400, dtype=torch.int16)
    path = write(tmp_path, 'speech', (wave, 16000))
    read, _ = soundfile.read(path, dtype='int16')
    np.testing.assert_array_equal(read, wave.numpy())


@pytest.mark.parametrize('channels_first', [False, True])
def test_picture(tmp_path, channels_first):
    picture = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    given = picture.transpose(2, 0, 1) if channels_first else picture
    path = write(tmp_path, 'image', given)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), picture)


def test_video_is_lossless(tmp_path):
    frames = np.random.default_rng(0).integers(
        0, 255, (4, 18, 33, 3), np.uint8
    )
    path = write(tmp_path, 'video', (frames, 12.5))
    with av.open(path) as container:
        decoded = list(container.decode(video=0))
    read = np.stack([frame.to_ndarray(format='rgb24') for frame in decoded])
    np.testing.assert_array_equal(read, frames)
    times = [float(frame.time) for frame in decoded]
    assert times == pytest.approx([0, 0.08, 0.16, 0.24])


@pytest.mark.parametrize('rate', [None, 15])
def test_landmarks(tmp_path, rate):
    landmarks = np.random.default_rng(0).normal(size=(4, 2, 21, 3))
    value = landmarks if rate is None else (landmarks, rate)
    with np.load(write(tmp_path, 'gesture', value)) as read:
        np.testing.assert_array_equal(read['landmarks'], landmarks)
        assert ('fps' in read.files) == (rate is not None)


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('speech', np.zeros(8), r'samples: give \(array, samples a second\)'),
        ('video', np.zeros((2, 4, 4, 3), np.uint8), r'frames: give \(array'),
        ('image', np.zeros((4, 4, 4), np.uint8), r'image must be RGB.*4, 4'),
        ('image', 7, 'image must be a file, an array, or .* got int'),
    ],
)
def test_arrays_that_do_not_say_enough(tmp_path, key, value, message):
    with pytest.raises(ValueError, match=message):
        write(tmp_path, key, value)


def test_a_writer_goes_before_ours(tmp_path):
    def text(value, rate, path):
        if value.ndim == 1:
            return None
        path = path.with_suffix('.txt')
        np.savetxt(path, value)
        return path

    numbers = np.arange(6.0).reshape(3, 2)
    for value, ending in ((numbers, '.txt'), ((np.zeros(9), 8000), '.wav')):
        (given,) = check_inputs({'speech': value}, FIELDS)
        media = write_media(given, FIELDS, tmp_path, {'speech_path': text})
        assert media['speech_path'].endswith(ending)
    assert np.array_equal(np.loadtxt(tmp_path / 'speech.txt'), numbers)
