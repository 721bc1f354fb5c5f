import shutil

import av
import cv2
import numpy as np
import pytest
import soundfile

from tests.datasets.converters.sources import contents
from trimodal.datasets.annotations import load_annotations
from trimodal.datasets.converters import (
    ConversionError,
    DemoOptions,
    generate_demo,
)

OPTIONS = DemoOptions(16, 8, 8)


@pytest.fixture(scope='module')
def generated(tmp_path_factory):
    out = tmp_path_factory.mktemp('demo') / 'out'
    counts = generate_demo(out, OPTIONS, workers=2)
    assert counts == {'train': 16, 'val': 8, 'test': 8}
    return out


def test_annotations_are_valid(generated):
    groups = []
    for split, size in OPTIONS.sizes.items():
        path = generated / split / 'annotations.json'
        file, faults = load_annotations(path)
        assert not faults
        assert len(file.samples) == size
        groups.append({s.group for s in file.samples})
        used = {v for s in file.samples for v in s.media.values()}
        there = {
            str(p.relative_to(path.parent))
            for p in path.parent.glob('*/*')
            if p.is_file()
        }
        assert used == there
    assert not set.intersection(*groups)


def test_media_are_what_they_say(generated):
    file, _ = load_annotations(generated / 'train' / 'annotations.json')
    for sample in file.samples[:8]:
        media = {k: file.root / v for k, v in sample.media.items()}
        if 'speech_path' in media:
            wave, rate = soundfile.read(media['speech_path'])
            assert rate == 16000
            assert 0.25 < len(wave) / rate < 1.2
            assert np.abs(wave).max() > 0.2
        if 'video_path' in media:
            with av.open(str(media['video_path'])) as container:
                frames = list(container.decode(video=0))
            assert (frames[0].width, frames[0].height) == (128, 128)
            seconds = len(frames) / sample.metadata['fps']
            assert seconds == pytest.approx(
                sample.metadata['duration'], abs=1e-3
            )
        if 'image_path' in media:
            picture = cv2.imread(str(media['image_path']))
            assert picture.shape == (112, 112, 3)


def test_same_bytes_with_one_process(generated, tmp_path):
    generate_demo(tmp_path / 'out', OPTIONS)
    assert contents(tmp_path / 'out') == contents(generated)


def test_an_interrupted_run_goes_on(generated, tmp_path):
    out = tmp_path / 'out'
    shutil.copytree(generated, out)
    (out / 'train' / 'annotations.json').unlink()
    for path in sorted((out / 'train').glob('*/*'))[::7]:
        path.unlink()
    generate_demo(out, OPTIONS)
    assert contents(out) == contents(generated)


def test_another_seed_is_another_data_set(generated, tmp_path):
    other = DemoOptions(16, 8, 8, seed=1)
    with pytest.raises(ConversionError, match='seed was 0, now 1'):
        generate_demo(generated, other)
    small = DemoOptions(8, 8, 8, seed=1)
    generate_demo(tmp_path / 'out', small)
    name = 'train/annotations.json'
    assert (tmp_path / 'out' / name).read_bytes() != (
        generated / name
    ).read_bytes()
