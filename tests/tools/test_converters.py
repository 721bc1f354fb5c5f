"""The converters of tools/dataset_converters, as they are called."""

import runpy
import subprocess
import sys

import pytest

from tests.datasets.converters.sources import (
    write_packed,
    write_pictures,
    write_sources,
)
from tests.datasets.converters.test_point_history import write_table
from tests.datasets.converters.test_tridigits_hard import SIZES, write_split
from tests.datasets.converters.voc import write_voc
from trimodal.datasets.annotations import load_annotations


@pytest.fixture
def call(repo_root, monkeypatch, capsys):
    """Run a converter in this process; give what it printed last."""

    def run(name, *arguments):
        script = repo_root / 'tools' / 'dataset_converters' / name
        monkeypatch.setattr(sys, 'argv', [str(script), *map(str, arguments)])
        runpy.run_path(str(script), run_name='__main__')
        return capsys.readouterr().out.splitlines()[-1]

    return run


def check(out, classes):
    for split in ('train', 'val', 'test'):
        file, faults = load_annotations(out / split / 'annotations.json')
        assert not faults
        assert len(file.metainfo['classes']) == classes


def test_demo(call, tmp_path):
    out = tmp_path / 'demo'
    sizes = ('--num-train', 8, '--num-val', 8, '--num-test', 8)
    command = ('demo.py', '--out', out, *sizes, '--workers', 1)
    assert call(*command) == f'{out}: train 8, val 8, test 8'
    assert call(*command) == f'{out}: train 8, val 8, test 8'
    check(out, 8)
    with pytest.raises(SystemExit, match=r'error: .*seed was 0, now 3'):
        call(*command, '--seed', 3)
    with pytest.raises(SystemExit, match='error: num_val must be at least 8'):
        call('demo.py', '--out', out, '--num-val', 1)


def test_tridigits(call, tmp_path):
    fsdd, sign_digits, mnist = write_sources(tmp_path / 'sources')
    out = tmp_path / 'out'
    command = (
        *('tridigits.py', '--out', out, '--workers', 1, '--frames', 2),
        *('--fsdd', fsdd, '--sign-digits', sign_digits, '--mnist', mnist),
    )
    speakers = ('--val-speaker', 'anna', '--test-speaker', 'nicolas')
    said = call(*command, *speakers, '--per-clip', 2)
    assert said == f'{out}: train 40, val 40, test 40'
    check(out, 10)
    file, _ = load_annotations(out / 'val' / 'annotations.json')
    assert {s.group for s in file.samples} == {'anna'}
    with pytest.raises(SystemExit, match='error: --test-speaker'):
        call(*command, '--test-speaker', 'nobody')
    with pytest.raises(SystemExit, match=r'error: --fsdd.*--download'):
        call(*command, '--fsdd', tmp_path / 'none')


def test_connected_digits(call, tmp_path):
    fsdd, *_ = write_sources(tmp_path / 'sources')
    out = tmp_path / 'out'
    command = (
        *('connected_digits.py', '--fsdd', fsdd, '--out', out),
        *('--workers', 1, '--sentences', 3, '--val', 'speaker'),
    )
    assert call(*command) == f'{out}: train 20, val 3, test 3'
    file, faults = load_annotations(out / 'test' / 'annotations.json')
    assert not faults
    assert len(file.metainfo['words']) == 10
    with pytest.raises(SystemExit, match='error: most must be >= fewest=3'):
        call(*command, '--most', 2)


def test_tridigits_hard(call, tmp_path):
    source, out = tmp_path / 'packed', tmp_path / 'out'
    for split, size in SIZES.items():
        write_split(source / f'{split}.h5', range(size))
    command = ('tridigits_hard.py', '--source', source, '--out', out)
    assert call(*command) == f'{out}: train 20, val 11, test 12'
    assert sorted(path.name for path in out.glob('*.h5')) == [
        *('test.h5', 'train.h5', 'val.h5')
    ]
    with pytest.raises(SystemExit, match=r'error: .*level was 1\.0, now 0\.5'):
        call(*command, '--level', 0.5)
    with pytest.raises(SystemExit, match='error: level must lie in'):
        call(*command, '--level', 2)
    with pytest.raises(SystemExit, match='error: --source: no file matches'):
        call(*command[:2], tmp_path, '--out', tmp_path / 'other')


@pytest.mark.parametrize(
    'name', ['tridigits_det.py', 'tridigits_reg.py'], ids=str
)
def test_tridigits_made_anew(call, tmp_path, name):
    write_pictures(tmp_path / 'mnist')
    source, out = write_packed(tmp_path / 'packed'), tmp_path / 'out'
    sizes = ('--train', 6, '--val', 5, '--test', 4)
    paths = ('--source', source, '--mnist', tmp_path / 'mnist')
    command = (name, *paths, '--out', out, *sizes)
    assert call(*command) == f'{out}: train 6, val 5, test 4'
    assert call(*command) == f'{out}: train 6, val 5, test 4'
    with pytest.raises(SystemExit, match=r'error: .*seed was 0, now 3'):
        call(*command, '--seed', 3)
    with pytest.raises(SystemExit, match='error: --source: no file'):
        call(name, '--source', tmp_path, *paths[2:], '--out', tmp_path / 'b')


def test_tridigits_downloads_what_is_missing(call, tmp_path):
    fsdd, sign_digits, mnist = write_sources(tmp_path / 'web')
    for folder in (fsdd, sign_digits):
        for line in (
            ['init', '-q'],
            ['add', '.'],
            [
                *('-c', 'user.name=t', '-c', 'user.email=t@localhost'),
                *('commit', '-q', '-m', 'all'),
            ],
        ):
            subprocess.run(['git', *line], cwd=folder, check=True)
    mine = tmp_path / 'mine'
    said = call(
        *('tridigits.py', '--out', tmp_path / 'out', '--download'),
        *('--fsdd', mine / 'fsdd', '--fsdd-url', f'file://{fsdd}'),
        *('--sign-digits', mine / 'signs'),
        *('--sign-digits-url', f'file://{sign_digits}'),
        *('--mnist', mnist, '--frames', 1, '--workers', 1),
    )
    assert said.endswith('train 20, val 20, test 20')
    assert (mine / 'fsdd' / 'recordings').is_dir()
    with pytest.raises(SystemExit, match='could not clone'):
        call(
            *('tridigits.py', '--out', tmp_path / 'out', '--download'),
            *('--fsdd', mine / 'b', '--fsdd-url', f'file://{mine}/c'),
        )


def test_point_history_downloads_and_converts(call, tmp_path):
    web, table, out = (tmp_path / n for n in ('web.csv', 'mine.csv', 'out'))
    write_table(web)
    command = ('point_history.py', '--out', out, '--table', table)
    with pytest.raises(SystemExit, match=r'error: no table .*--download'):
        call(*command)
    said = call(*command, '--download', '--url', web.as_uri())
    assert said.startswith(f'{out}: train ')
    assert all((out / f'{s}.h5').is_file() for s in ('train', 'val', 'test'))
    assert call(*command) == said
    with pytest.raises(SystemExit, match=r'error: .*split was .blocks.'):
        call(*command, '--split', 'random')


def test_voc_to_coco(call, tmp_path):
    root, out = write_voc(tmp_path / 'voc'), tmp_path / 'out'
    command = ('voc_to_coco.py', root, '--out', out)
    assert call(*command) == f'{out}: train 2 (3 boxes), val 1 (0 boxes)'
    assert call(*command) == f'{out}: train 2 (3 boxes), val 1 (0 boxes)'
    with pytest.raises(SystemExit, match=r'error: .*convention was .voc.'):
        call(*command, '--convention', 'edges')
    with pytest.raises(SystemExit, match=r"error: .*object 1 is a 'cell'"):
        call(*command, '--classes', 'dot')
