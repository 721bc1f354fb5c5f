import json
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.datasets.converters.sources import contents, write_sources
from trimodal.datasets.annotations import load_annotations
from trimodal.datasets.converters import (
    ConversionError,
    TriDigitsOptions,
    convert_tridigits,
)
from trimodal.datasets.converters.camera import CameraMotion, film
from trimodal.datasets.converters.tridigits_sources import read_pictures

OPTIONS = TriDigitsOptions(frames=3)


@pytest.fixture(scope='module')
def sources(tmp_path_factory):
    return write_sources(tmp_path_factory.mktemp('sources'))


@pytest.fixture(scope='module')
def converted(sources, tmp_path_factory):
    out = tmp_path_factory.mktemp('tridigits') / 'out'
    counts = convert_tridigits(*sources, out, OPTIONS, workers=2)
    assert counts == {'train': 20, 'val': 20, 'test': 20}
    return out


@pytest.mark.parametrize('split', ['train', 'val', 'test'])
def test_annotations_are_valid(converted, split):
    file, faults = load_annotations(converted / split / 'annotations.json')
    assert not faults
    assert sorted(s.label for s in file.samples) == sorted([*range(10)] * 2)
    speaker = {'train': 'anna', 'val': 'nicolas', 'test': 'yweweler'}[split]
    assert {s.group for s in file.samples} == {speaker}


def test_media_are_those_of_the_sources(converted, sources):
    fsdd, _, mnist = sources
    folder = converted / 'test'
    t10k = read_pictures(mnist, 't10k')
    file, _ = load_annotations(folder / 'annotations.json')
    for sample in file.samples[:5]:
        clip = Path(sample.media['speech_path'])
        assert (folder / clip).read_bytes() == (
            fsdd / 'recordings' / clip.name
        ).read_bytes()
        part, index = sample.metadata['picture'].split()
        assert part == 't10k'
        picture = cv2.imread(str(folder / sample.media['image_path']), 0)
        np.testing.assert_array_equal(picture, t10k.pixels[int(index)])


def test_videos_show_the_photo(converted, sources):
    folder = converted / 'val'
    file, _ = load_annotations(folder / 'annotations.json')
    for sample in file.samples[:5]:
        path = str(folder / sample.media['video_path'])
        with av.open(path) as container:
            frames = [
                frame.to_ndarray(format='bgr24').astype(int)
                for frame in container.decode(video=0)
            ]
        assert [f.shape for f in frames] == [(256, 256, 3)] * 3
        photo = cv2.imread(
            str(sources[1] / 'Dataset' / sample.metadata['photo'])
        )
        camera = {k: tuple(v) for k, v in sample.metadata['camera'].items()}
        expected = film(photo, CameraMotion(**camera), 3)
        error = np.abs(np.stack(frames) - expected).mean()
        assert error < 0.7 * np.abs(frames - expected[::-1]).mean()
        assert error < 0.3 * np.abs(frames - expected.mean()).mean()


def test_same_bytes_with_one_process(converted, sources, tmp_path):
    convert_tridigits(*sources, tmp_path / 'out', OPTIONS)
    assert contents(tmp_path / 'out') == contents(converted)


def test_an_interrupted_run_goes_on(converted, sources, tmp_path):
    out = tmp_path / 'out'
    shutil.copytree(converted, out)
    kept = out / 'train' / 'video'
    before = {p: p.stat().st_mtime_ns for p in kept.iterdir()}
    shutil.rmtree(out / 'test' / 'video')
    (out / 'test' / 'annotations.json').unlink()
    next((out / 'val' / 'speech').iterdir()).unlink()
    (out / 'val' / 'images' / '.x.png.1.part').touch()
    convert_tridigits(*sources, out, OPTIONS)
    assert contents(out) == contents(converted)
    assert {p: p.stat().st_mtime_ns for p in kept.iterdir()} == before


def test_a_finished_run_is_left_alone(converted, sources):
    def times():
        return {p: p.stat().st_mtime_ns for p in converted.rglob('*')}

    before = times()
    convert_tridigits(*sources, converted, OPTIONS)
    assert times() == before


def test_other_options_need_another_folder(converted, sources):
    with pytest.raises(ConversionError, match='seed was 0, now 5'):
        convert_tridigits(
            *sources, converted, TriDigitsOptions(frames=3, seed=5)
        )


def test_a_photo_that_is_none(tmp_path):
    sources = write_sources(tmp_path / 'sources')
    for photo in (sources[1] / 'Dataset' / '4').iterdir():
        photo.write_bytes(b'nothing')
    with pytest.raises(ConversionError, match='is not a picture'):
        convert_tridigits(*sources, tmp_path / 'out', OPTIONS)
    assert not list((tmp_path / 'out').rglob('annotations.json'))


def test_part_of_the_real_data(repo_root, tmp_path):
    shared = repo_root.parent / 'shared' / 'data'
    if not shared.is_dir():
        pytest.skip('../shared/data is not there')
    recordings = tmp_path / 'fsdd' / 'recordings'
    recordings.mkdir(parents=True)
    for index in (0, 7, 33):
        for clip in (shared / 'fsdd' / 'recordings').glob(f'*_{index}.wav'):
            (recordings / clip.name).symlink_to(clip)
    out = tmp_path / 'out'
    counts = convert_tridigits(
        tmp_path / 'fsdd',
        shared / 'sign_digits',
        shared / 'mnist',
        out,
        TriDigitsOptions(frames=1),
    )
    assert counts == {'train': 90, 'val': 30, 'test': 30}
    people = []
    for split in counts:
        path = out / split / 'annotations.json'
        file, faults = load_annotations(path)
        assert not faults
        assert {s.label for s in file.samples} == set(range(10))
        people.append({s.metadata['student'] for s in file.samples})
        facts = json.loads(path.read_text())['metainfo']['source_counts']
        assert facts['photo_runs'] == 189
    assert sum(map(len, people)) == len(set().union(*people))
