"""Which checkpoint a run goes on from."""

from pathlib import Path

import pytest
import torch

from trimodal.engine.runner.resuming import (
    existing_checkpoint,
    resumable_checkpoint,
)
from trimodal.utils.config import ConfigError
from trimodal.utils.saving import save_file


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """Three epochs; the second was the best."""
    info = {'best_ckpt': '/elsewhere/best_accuracy_top1_epoch_2.pth'}
    content = {'state_dict': {'w': torch.ones(99)}, 'optimizer': {}}
    content['message_hub'] = {'runtime_info': info}
    for name in (
        'epoch_1',
        'epoch_2',
        'epoch_3',
        'best_accuracy_top1_epoch_2',
    ):
        save_file(content, tmp_path / f'{name}.pth')
    (tmp_path / 'epoch_4.pth.tmp').write_bytes(b'half')
    (tmp_path / 'epoch_3-0123abcd.pth').write_bytes(b'published')
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_3.pth'))
    return tmp_path


def found(work_dir: Path, resume: str = 'auto') -> str | None:
    path = resumable_checkpoint(str(work_dir), resume)
    return None if path is None else Path(path).name


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-300])


def test_the_last_one(work_dir: Path):
    assert found(work_dir) == found(work_dir, 'last') == 'epoch_3.pth'
    # Resumed from an older one before: the newer ones are of another run.
    pointer = work_dir / 'last_checkpoint'
    pointer.write_text('/moved/from/epoch_2.pth')
    assert found(work_dir) == 'epoch_2.pth'
    for unusable in (pointer.unlink, lambda: pointer.write_text('')):
        unusable()
        assert found(work_dir) == 'epoch_3.pth'


def test_a_broken_one_is_passed_over(work_dir: Path, capsys):
    cut(work_dir / 'epoch_3.pth')
    assert found(work_dir) == 'epoch_2.pth'
    said = capsys.readouterr().out
    assert f'{work_dir}/epoch_3.pth is broken: it is cut off.' in said
    assert f'Going on from the one before it, {work_dir}/epoch_2.pth' in said
    cut(work_dir / 'epoch_2.pth')
    assert found(work_dir) == 'epoch_1.pth'
    assert 'epoch_2.pth is broken' in capsys.readouterr().out
    cut(work_dir / 'epoch_1.pth')
    with pytest.raises(ConfigError, match=r'epoch_3.*there is none before it'):
        found(work_dir)


def test_an_altered_one_too(work_dir: Path, capsys):
    data = bytearray((work_dir / 'epoch_3.pth').read_bytes())
    data[len(data) // 2] ^= 4
    (work_dir / 'epoch_3.pth').write_bytes(data)
    assert found(work_dir) == 'epoch_2.pth'
    assert 'differs from its checksum' in capsys.readouterr().out


def test_a_missing_one_too(work_dir: Path, capsys):
    (work_dir / 'epoch_3.pth').unlink()
    assert found(work_dir) == 'epoch_2.pth'
    said = capsys.readouterr().out
    assert 'last_checkpoint names' in said
    assert 'which does not exist' in said


def test_nothing_there(tmp_path: Path):
    assert found(tmp_path) is None
    assert found(tmp_path / 'none') is None
    for resume in ('last', 'best'):
        with pytest.raises(ConfigError, match=f'{resume}: .* no checkpoint'):
            found(tmp_path, resume)


def test_the_best_one(work_dir: Path):
    """Its own file holds no optimizer: the one of that epoch does."""
    assert found(work_dir, 'best') == 'epoch_2.pth'
    (work_dir / 'epoch_2.pth').unlink()
    with pytest.raises(ConfigError, match=r'weights only.*load_from=.*best_a'):
        found(work_dir, 'best')
    save_file({'message_hub': {'runtime_info': {}}}, work_dir / 'epoch_3.pth')
    with pytest.raises(ConfigError, match='knows of no best one'):
        found(work_dir, 'best')


def test_a_named_one(work_dir: Path):
    path = work_dir / 'epoch_3.pth'
    assert found(work_dir, str(path)) == 'epoch_3.pth'
    cut(path)
    match = r'epoch_3\.pth is broken: .*epoch_2\.pth is the one before it'
    with pytest.raises(ConfigError, match=match):
        found(work_dir, str(path))
    weights = work_dir / 'a.safetensors'
    weights.touch()
    with pytest.raises(ConfigError, match='weights only; start from them'):
        found(work_dir, str(weights))
    with pytest.raises(ConfigError, match='does not exist'):
        found(work_dir, str(work_dir / 'none.pth'))
    url = 'https://example.org/a.pth'
    assert resumable_checkpoint(str(work_dir), url) == url


def test_by_iterations(tmp_path: Path):
    for name in ('iter_900', 'iter_1000'):
        save_file({}, tmp_path / f'{name}.pth')
    assert found(tmp_path) == 'iter_1000.pth'
    (tmp_path / 'last_checkpoint').write_text('iter_1000.pth')
    cut(tmp_path / 'iter_1000.pth')
    assert found(tmp_path) == 'iter_900.pth'


def test_a_folder_of_deepspeed(tmp_path: Path):
    (tmp_path / 'epoch_1.pth').mkdir()
    (tmp_path / 'last_checkpoint').write_text('epoch_1.pth')
    assert found(tmp_path) == 'epoch_1.pth'


def test_existing_checkpoint(tmp_path: Path):
    (tmp_path / 'a.safetensors').touch()
    with pytest.raises(ConfigError, match=r'is a folder.*\(a\.safetensors\)'):
        existing_checkpoint(str(tmp_path))
