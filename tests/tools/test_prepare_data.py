import json
import os
import pickle
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.datasets.preparation.media import (
    make_split,
    write_annotations,
    write_sound,
)
from tests.datasets.preparation.plugin import write_imu
from trimodal.datasets.packed import PackedReader
from trimodal.datasets.preparation import build_preparers
from trimodal.utils.config import load_config

CONFIG = """
custom_imports = dict(imports=['tests.datasets.preparation.plugin'])
modalities = dict(imu=dict(type='ReadingsPreparer', seconds={seconds}))
"""
NO_VIDEO = ['--cfg-options', 'modalities.gesture=None']


@pytest.fixture
def tool(repo_root, monkeypatch):
    """Runs the tool in this process; gives its exit status."""

    def run(*arguments, name='prepare_data.py'):
        path = str(repo_root / 'tools' / name)
        monkeypatch.setattr(sys, 'argv', [path, *map(str, arguments)])
        try:
            runpy.run_path(path, run_name='__main__')
        except SystemExit as end:
            return end.code
        return 0

    return run


def test_the_default_config_builds(repo_root):
    path = repo_root / 'configs/_base_/preprocessing/default.py'
    preparers = build_preparers(load_config(str(path)).modalities.to_dict())
    assert list(preparers) == ['speech', 'gesture', 'image']
    assert preparers['speech'].target_sample_rate == 16000
    assert preparers['speech'].max_duration == 10
    assert preparers['gesture'].target_fps == 30
    assert preparers['gesture'].max_frames == 300
    assert preparers['image'].target_size == (224, 224)


def test_a_folder_of_splits(tool, tmp_path):
    make_split(tmp_path / 'in/train', 3)
    out = tmp_path / 'out'
    status = tool(
        tmp_path / 'in',
        out,
        '--workers',
        0,
        '--cfg-options',
        'modalities.gesture=None',
        'modalities.image.target_size=(8,12)',
    )
    assert status == 0
    arrays = PackedReader(str(out / 'train.h5')).arrays(0)
    assert list(arrays) == ['speech', 'image']
    assert arrays['image']['data'].shape == (8, 12, 3)


def test_ratios_seed_and_shards(tool, tmp_path):
    make_split(tmp_path / 'in', 12)
    for index in (0, 1):
        status = tool(
            tmp_path / 'in',
            tmp_path / 'out',
            *NO_VIDEO,
            *('--split-ratios', 'train=0.5', 'val=0.5', '--seed', 3),
            *('--shards', 2, '--shard-index', index, '--workers', 0),
        )
        assert status == 0
    names = sorted(path.name for path in (tmp_path / 'out').glob('*.h5'))
    assert names == [
        f'{split}-0000{index}-of-00002.h5'
        for split in ('train', 'val')
        for index in (0, 1)
    ]
    report = json.loads((tmp_path / 'out/report.json').read_text())
    assert sorted(report['files']) == names
    assert len(PackedReader(str(tmp_path / 'out/val-*.h5'))) == 6


def test_faults_end_it_with_a_list_and_can_be_skipped(tool, tmp_path):
    samples = make_split(tmp_path / 'in/train', 4)
    samples[1]['label'] = 'one'
    samples[2]['image_path'] = 'images/none.png'
    write_annotations(tmp_path / 'in/train', samples, {'classes': ['a', 'b']})
    arguments = [tmp_path / 'in', tmp_path / 'out', '--workers', 0, *NO_VIDEO]
    message = tool(*arguments)
    assert "sample 'train/s01': label = 'one': must be" in message
    assert "sample 'train/s02': image_path = 'images/none.png'" in message
    assert '--skip-bad' in message
    assert not (tmp_path / 'out').exists()
    assert tool(*arguments, '--skip-bad') == 0
    report = json.loads((tmp_path / 'out/report.json').read_text())
    train = report['files']['train.h5']
    assert train['num_samples'] == 2
    assert [f['field'] for f in train['skipped']] == ['label', 'image_path']


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--config', 'none.py'], 'none.py does not exist'),
        (['--split-ratios', 'train=2'], 'add up to 1'),
        (['--split-ratios', 'train=1'], 'which split ratios divide'),
        (['--shards', '0'], 'shards must be at least 1'),
        (['--cfg-options', 'modality.image=None'], 'modality'),
        (['--cfg-options', 'modalities.image.size=9'], "'size'"),
        (['--cfg-options', 'modalities.image.type=X'], 'Registered'),
        (['--config', 'configs/_base_/default_runtime.py'], 'modalities='),
    ],
)
def test_mistakes_get_one_line(tool, tmp_path, arguments, reason):
    make_split(tmp_path / 'in/train', 1)
    message = tool(tmp_path / 'in', tmp_path / 'out', *arguments)
    assert message.startswith('error: ')
    assert reason in message


def test_fetch_hand_landmarker(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('TRIMODAL_CACHE', str(tmp_path / 'cache'))
    other = write_sound(tmp_path / 'other.task.wav')
    message = tool('--model', other, name='fetch_hand_landmarker.py')
    assert message.startswith('error: ')
    assert 'SHA-256' in message
    assert not list((tmp_path / 'cache').iterdir())


class Run:
    """The tool in a process of its own, on files that take their time."""

    def __init__(self, root: Path, folder: Path, out: str, seconds: float):
        config = folder / 'slow.py'
        config.write_text(CONFIG.format(seconds=seconds))
        self.partial = folder / out / '.partial'
        self.log = folder / f'{out}.log'
        arguments = [folder / 'in', folder / out, '--config', config]
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(root / 'tools/prepare_data.py'),
                *map(str, arguments),
                '--workers',
                '2',
            ],
            stdout=self.log.open('a'),
            stderr=subprocess.STDOUT,
            env={**os.environ, 'PYTHONPATH': str(root)},
            start_new_session=True,
        )

    def chunks(self) -> dict[str, int]:
        """Finished chunks, and when they were finished."""
        return {
            path.name: path.stat().st_mtime_ns
            for path in self.partial.glob('*/chunk-*')
        }

    def wait_for_chunks(self, count: int) -> None:
        deadline = time.monotonic() + 180
        while len(self.chunks()) < count:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_killed_run_goes_on(tmp_path, repo_root):
    """kill -9, then Ctrl-C, then to the end: as if never stopped."""
    folder = tmp_path / 'in/train'
    texts = [f'{i} {i}' for i in range(64)]
    write_annotations(folder, write_imu(folder, texts))

    run = Run(repo_root, tmp_path, 'out', 0.1)
    run.wait_for_chunks(2)
    run.process.kill()
    run.process.wait()
    assert not (tmp_path / 'out/train.h5').exists()
    # Its workers end with it, and blame no file for that.
    time.sleep(1.2)
    kept = run.chunks()
    assert 2 <= len(kept) < 16
    for path in run.partial.glob('*/chunk-*'):
        samples = pickle.loads(path.read_bytes())
        assert not any(sample.problems for sample in samples)
    time.sleep(1)
    assert run.chunks() == kept

    run = Run(repo_root, tmp_path, 'out', 0.1)
    run.wait_for_chunks(len(kept) + 1)
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.process.wait(timeout=60) not in (0, None)
    assert 'the same command goes on from here' in run.log.read_text()
    assert 'Traceback' not in run.log.read_text()
    more = run.chunks()
    assert kept.items() <= more.items()
    assert not (tmp_path / 'out/train.h5').exists()

    run = Run(repo_root, tmp_path, 'out', 0.1)
    assert run.process.wait(timeout=180) == 0
    assert f'going on after {4 * len(more)} of 64' in run.log.read_text()
    assert not run.partial.exists()
    whole = PackedReader(str(tmp_path / 'out/train.h5'))
    values = [whole.arrays(i)['imu']['data'].tolist() for i in range(64)]
    assert values == [[i, i] for i in range(64)]
