from types import SimpleNamespace

import numpy as np
import pytest

from trimodal.datasets.converters.files import (
    ConversionError,
    check_least,
    claim_folder,
    random_stream,
    run_jobs,
    to_json,
    write_file,
)


def test_check_least():
    options = SimpleNamespace(seed=0, count=3)
    check_least(options, seed=0, count=3)
    with pytest.raises(ValueError, match='count must be >= 4, got 3'):
        check_least(options, seed=0, count=4)


def test_random_stream_depends_on_seed_and_names_only():
    first = random_stream(1, 'a', 2).integers(0, 1 << 60, 4)
    np.testing.assert_array_equal(
        first, random_stream(1, 'a', 2).integers(0, 1 << 60, 4)
    )
    for other in (
        random_stream(2, 'a', 2),
        random_stream(1, 'b', 2),
        random_stream(1, 'a', 3),
        random_stream(1, 2, 'a'),
    ):
        assert (other.integers(0, 1 << 60, 4) != first).all()


def test_write_file_makes_folders_and_leaves_nothing_else(tmp_path):
    write_file(tmp_path / 'a' / 'b.txt', b'one')
    write_file(tmp_path / 'a' / 'b.txt', b'two')
    assert [p.name for p in (tmp_path / 'a').iterdir()] == ['b.txt']
    assert (tmp_path / 'a' / 'b.txt').read_bytes() == b'two'


def test_claim_folder_knows_its_own(tmp_path):
    out = tmp_path / 'out'
    claim_folder(out, 'demo', {'seed': 0}, ['plan'])
    partial = out / 'train' / 'video' / '.x.mp4.7.part'
    write_file(partial, b'cut off')
    claim_folder(out, 'demo', {'seed': 0}, ['plan'])
    assert not partial.exists()


@pytest.mark.parametrize(
    ('claim', 'message'),
    [
        (('demo', {'seed': 1}, ['plan']), 'seed was 0, now 1'),
        (('other', {'seed': 0}, ['plan']), "made by 'demo'"),
        (('demo', {'seed': 0}, ['plans']), 'other sources'),
    ],
)
def test_claim_folder_refuses_another_conversion(tmp_path, claim, message):
    claim_folder(tmp_path, 'demo', {'seed': 0}, ['plan'])
    with pytest.raises(ConversionError, match=message):
        claim_folder(tmp_path, *claim)


def test_claim_folder_refuses_foreign_files(tmp_path):
    (tmp_path / 'thesis.doc').touch()
    with pytest.raises(ConversionError, match='not empty'):
        claim_folder(tmp_path, 'demo', {}, [])
    assert len(list(tmp_path.iterdir())) == 1


def _touch(path):
    write_file(path, to_json(path.name))


@pytest.mark.parametrize('workers', [1, 2])
def test_run_jobs_does_every_job(tmp_path, workers):
    paths = [tmp_path / f'{number}.json' for number in range(9)]
    run_jobs(_touch, paths, workers, 'touching')
    assert all(p.read_bytes() == to_json(p.name) for p in paths)
    run_jobs(_touch, [], workers, 'nothing')


def _fail(job):
    raise ConversionError(f'job {job} is bad')


@pytest.mark.parametrize('workers', [1, 2])
def test_run_jobs_passes_faults_on(workers):
    with pytest.raises(ConversionError, match=r'job . is bad'):
        run_jobs(_fail, [1, 2, 3], workers, 'failing')


def test_run_jobs_needs_a_worker():
    with pytest.raises(ValueError, match='workers must be 1 or more, got 0'):
        run_jobs(_touch, [], 0, 'none')
