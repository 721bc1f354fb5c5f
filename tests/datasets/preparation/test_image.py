from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.datasets.preparation.media import write_image
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.preparation.base import MediaError
from trimodal.datasets.preparation.image import ImagePreparer, read_image

SAMPLE = SampleAnnotation('a', transcription='hello')
RED, GREEN = (250, 0, 0), (10, 200, 30)


def prepare(path, sample=SAMPLE, **arguments):
    return ImagePreparer(**arguments)(path, 'image_path', sample)


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp', '.webp'])
def test_formats_become_rgb_of_the_target_size(tmp_path, suffix):
    path = write_image(tmp_path / f'a{suffix}', (64, 48))
    data = prepare(path, target_size=(24, 32)).arrays['data']
    assert data.dtype == np.uint8
    assert data.shape == (24, 32, 3)
    np.testing.assert_allclose(data[12, 4], GREEN, atol=8)
    np.testing.assert_allclose(data[12, 28], RED, atol=8)


@pytest.mark.parametrize(
    ('orientation', 'size', 'green'),
    [
        (1, (40, 30), (15, 5)),
        (2, (40, 30), (15, 35)),  # mirrored: left becomes right
        (3, (40, 30), (15, 35)),  # upside down
        (6, (30, 40), (5, 15)),  # clockwise: left becomes top
        (8, (30, 40), (35, 15)),  # counter-clockwise: left becomes bottom
    ],
)
def test_exif_orientation_is_undone(tmp_path, orientation, size, green):
    path = write_image(tmp_path / 'a.jpg', (40, 30), orientation)
    image = read_image(path)
    assert image.size == size
    row, column = green
    np.testing.assert_allclose(np.asarray(image)[row, column], GREEN, atol=8)


@pytest.mark.parametrize('mode', ['L', 'LA', 'P', 'RGBA', 'CMYK', '1'])
def test_other_colour_modes_become_rgb(tmp_path, mode):
    path = tmp_path / ('a.tif' if mode == 'CMYK' else 'a.png')
    Image.new('RGB', (8, 6), 'white').convert(mode).save(path)
    image = read_image(path)
    assert image.mode == 'RGB'
    assert image.getpixel((3, 3)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    values = np.full((6, 8), 257 * 100, np.uint16)
    Image.fromarray(values).save(tmp_path / 'a.png')
    image = read_image(tmp_path / 'a.png')
    assert image.getpixel((3, 3)) == (100, 100, 100)


def test_keep_ratio_fits_the_picture_in(tmp_path):
    path = write_image(tmp_path / 'a.png', (80, 20))
    data = prepare(path, target_size=(32, 32), keep_ratio=True).arrays['data']
    assert data.shape == (8, 32, 3)
    path = write_image(tmp_path / 'b.png', (300, 1))
    data = prepare(path, target_size=(32, 32), keep_ratio=True).arrays['data']
    assert data.shape == (1, 32, 3)


def test_no_target_size_keeps_the_own(tmp_path):
    path = write_image(tmp_path / 'a.png', (33, 21))
    assert prepare(path, target_size=None).arrays['data'].shape == (21, 33, 3)


def test_boxes_are_scaled_with_the_picture(tmp_path):
    path = write_image(tmp_path / 'a.png', (40, 30))
    sample = SampleAnnotation(
        'a',
        bboxes=np.array([[0, 0, 20, 30]], np.float32),
        bbox_labels=np.array([0]),
    )
    stretched = prepare(path, sample, target_size=(60, 60)).annotation
    np.testing.assert_allclose(stretched.bboxes, [[0, 0, 30, 60]])
    assert stretched.bboxes.dtype == np.float32
    kept = prepare(path, sample, target_size=(60, 60), keep_ratio=True)
    np.testing.assert_allclose(kept.annotation.bboxes, [[0, 0, 30, 45]])
    np.testing.assert_array_equal(sample.bboxes, [[0, 0, 20, 30]])


def test_the_size_on_disk_is_kept(tmp_path):
    path = write_image(tmp_path / 'a.jpg', (40, 30), 6)  # turned: 30 x 40
    prepared = prepare(path, target_size=(20, 20))
    assert prepared.arrays['data'].shape == (20, 20, 3)
    assert prepared.annotation.ori_shape == (40, 30)
    again = prepare(path, prepared.annotation, target_size=(20, 20))
    assert again.annotation.ori_shape == (40, 30)
    other = SampleAnnotation('a', ori_shape=(30, 40))
    with pytest.raises(MediaError, match=r'30 x 40 .* annotated as 40 x 30'):
        prepare(path, other)


def test_shrinking_is_that_of_pillow(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (50, 70, 3), np.uint8)
    smooth = Image.fromarray(pixels).resize((700, 500))
    smooth.save(tmp_path / 'a.png')
    data = prepare(tmp_path / 'a.png', target_size=(25, 35)).arrays['data']
    plain = np.asarray(smooth.resize((35, 25), Image.Resampling.BILINEAR))
    assert np.abs(data.astype(int) - plain).max() <= 12
    assert np.abs(data.astype(int) - plain).mean() < 2


def test_jpeg_encoding_stores_bytes(tmp_path):
    path = write_image(tmp_path / 'a.png', (64, 64))
    preparer = ImagePreparer((32, 32), encoding='jpeg', jpeg_quality=90)
    data = preparer(path, 'image_path', SAMPLE).arrays['data']
    assert preparer.attributes == {'encoding': 'jpeg'}
    assert data.dtype == np.uint8
    assert data.ndim == 1
    decoded = np.asarray(Image.open(BytesIO(data.tobytes())))
    assert decoded.shape == (32, 32, 3)
    np.testing.assert_allclose(decoded[16, 4], GREEN, atol=12)


def test_unusable_files_are_refused(tmp_path):
    whole = write_image(tmp_path / 'a.jpg', (200, 200)).read_bytes()
    (tmp_path / 'cut.jpg').write_bytes(whole[: len(whole) // 2])
    (tmp_path / 'text.png').write_bytes(b'no picture')
    for name in ('cut.jpg', 'text.png', 'missing.png'):
        with pytest.raises(MediaError, match='can not be decoded'):
            read_image(tmp_path / name)


@pytest.mark.parametrize(
    ('argument', 'value'),
    [
        ('target_size', (0, 5)),
        ('target_size', (224,)),
        ('encoding', 'png'),
        ('jpeg_quality', 0),
    ],
)
def test_bad_arguments_are_refused(argument, value):
    with pytest.raises(ValueError, match=argument):
        ImagePreparer(**{argument: value})
