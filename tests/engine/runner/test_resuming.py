"""Which checkpoint a run goes on from."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.toy import write_config
from tests.tools.launching import failure_of
from trimodal.engine.runner import TrainOptions, train
from trimodal.engine.runner.resuming import (
    check_states,
    existing_checkpoint,
    resumable_checkpoint,
)
from trimodal.utils.checkpoint import RefusedFileError, load_file
from trimodal.utils.config import ConfigError
from trimodal.utils.saving import save_file

BEST = 'best_accuracy_top1_epoch_2.pth'


def whole() -> dict[str, Any]:
    """What a run needs to go on."""
    info = {'best_ckpt': f'/elsewhere/{BEST}'}
    return {
        'meta': {'epoch': 3, 'iter': 9},
        'state_dict': {'w': torch.ones(2000)},
        'message_hub': {'runtime_info': info},
        'optimizer': {},
        'param_schedulers': [],
    }


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """Three epochs; the second was the best."""
    content = whole()
    for count in (1, 2, 3):
        save_file(content, tmp_path / f'epoch_{count}.pth')
    del content['optimizer'], content['param_schedulers']
    save_file(content, tmp_path / BEST)
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
    pointer.unlink()
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
    content = {**whole(), 'message_hub': {}}
    save_file(content, work_dir / 'epoch_3.pth')
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
        save_file(whole(), tmp_path / f'{name}.pth')
    assert found(tmp_path) == 'iter_1000.pth'
    (tmp_path / 'last_checkpoint').write_text('iter_1000.pth')
    cut(tmp_path / 'iter_1000.pth')
    assert found(tmp_path) == 'iter_900.pth'


def test_a_folder_of_deepspeed(tmp_path: Path):
    folder = tmp_path / 'epoch_1.pth'
    folder.mkdir()
    (folder / 'mp_rank_00_model_states.pt').touch()
    (tmp_path / 'last_checkpoint').write_text('epoch_1.pth')
    assert found(tmp_path) == 'epoch_1.pth'
    with pytest.raises(ConfigError, match='several processes'):
        found(tmp_path, 'best')


DAMAGES: dict[str, Any] = {
    'zeroed beginning': lambda data: bytes(4096) + data[4096:],
    'zeroed': lambda data: bytes(len(data)),
    'bit 3': lambda data: bytes([data[0] ^ 8]) + data[1:],
    'two bytes': lambda data: b'PK',
    'a pickle cut off': lambda data: b'\x80\x02',
    'a page': lambda data: b'<html>404</html>',
}


@pytest.mark.parametrize('damage', DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_beginning_too(work_dir: Path, capsys, damage):
    path = work_dir / 'epoch_3.pth'
    path.write_bytes(damage(path.read_bytes()))
    assert found(work_dir) == 'epoch_2.pth'
    said = capsys.readouterr().out
    assert 'epoch_3.pth is broken' in said
    assert 'Going on from the one before it' in said
    with pytest.raises(ConfigError, match=r'epoch_2\.pth is the one before'):
        found(work_dir, str(path))


def test_code_is_not_passed_over(work_dir: Path):
    """It is no damage: the run ends, nothing runs."""

    class Hostile:
        def __reduce__(self) -> tuple:
            return (work_dir / 'ran').mkdir, ()

    save_file({**whole(), 'x': Hostile()}, work_dir / 'epoch_3.pth')
    for resume in ('auto', 'last', 'best', str(work_dir / 'epoch_3.pth')):
        with pytest.raises(RefusedFileError, match='not loaded') as error:
            found(work_dir, resume)
        assert '\n' not in str(error.value)
    assert not (work_dir / 'ran').exists()


ODD: dict[str, tuple[bytes, str]] = {
    'no text': (b'\xff\xfe\x00epoch', 'is broken: it holds no text'),
    'zeros': (bytes(60), 'is broken: it holds no text'),
    'empty': (b'', 'is broken: it is empty'),
    'blank': (b' \n', 'is broken: it is empty'),
    'no number': (b'/nonexistent/foo', 'foo, which does not exist'),
    'root': (b'/', 'names /, which is a folder but no checkpoint'),
    'here': (b'.', 'names ., which is a folder but no checkpoint'),
    'too long': (b'x' * 5000, 'which does not exist'),
    'two lines': (b'epoch_7\nepoch_3', 'which does not exist'),
}


@pytest.mark.parametrize(('content', 'fault'), ODD.values(), ids=ODD)
@pytest.mark.parametrize('resume', ['auto', 'last'])
def test_a_pointer_that_tells_nothing(
    work_dir: Path, capsys, resume: str, content: bytes, fault: str
):
    (work_dir / 'last_checkpoint').write_bytes(content)
    assert found(work_dir, resume) == 'epoch_3.pth'
    said = capsys.readouterr().out
    assert fault in said
    assert said.count(' WARNING ') == said.count('Going on from') == 1
    assert 'Going on from the newest that is whole' in said


@pytest.mark.parametrize('name', ['.', 'other', 'epoch_9.pth', 'weights'])
def test_a_pointer_to_a_folder(work_dir: Path, capsys, name: str):
    """Also where DeepSpeed has left its ``latest``: what counts are states."""
    folder = work_dir / name
    folder.mkdir(exist_ok=True)
    (folder / 'latest').write_text('epoch_3.pth')
    (work_dir / 'last_checkpoint').write_text(str(folder))
    assert found(work_dir) == 'epoch_3.pth'
    assert 'is a folder but no checkpoint' in capsys.readouterr().out
    for path in work_dir.glob('epoch_?.pth'):
        if path.is_file():
            path.unlink()
    with pytest.raises(ConfigError, match='name another with --resume CKPT'):
        found(work_dir)


def test_weights_only_are_no_run(work_dir: Path):
    best = work_dir / BEST
    with pytest.raises(ConfigError) as error:
        resumable_checkpoint(str(work_dir), str(best), schedules=True)
    said = str(error.value)
    assert f'{best} lacks optimizer, param_schedulers, so that' in said
    assert f'the whole one of that time is {work_dir}/epoch_2.pth' in said
    assert '--resume best' in said
    assert said.endswith(f'--cfg-options load_from={best}')
    (work_dir / 'epoch_2.pth').unlink()
    with pytest.raises(ConfigError, match='lacks optimizer, so') as error:
        found(work_dir, str(best))
    assert 'of that time is' not in str(error.value)
    torch.save({'w': torch.ones(2)}, work_dir / 'bare.pth')
    with pytest.raises(ConfigError, match='lacks meta, message_hub, state_d'):
        found(work_dir, str(work_dir / 'bare.pth'))


@pytest.mark.parametrize('resume', ['auto', 'last', 'best'])
def test_a_last_one_without_states(work_dir: Path, resume: str):
    content = whole()
    del content['param_schedulers']
    for count in (2, 3):
        save_file(content, work_dir / f'epoch_{count}.pth')
    assert found(work_dir, resume) is not None  # a run without schedules
    match = r'lacks param_schedulers \(CheckpointHook: save_optimizer, save_'
    with pytest.raises(ConfigError, match=match):
        resumable_checkpoint(str(work_dir), resume, schedules=True)
    del content['optimizer']
    for count in (2, 3):
        save_file(content, work_dir / f'epoch_{count}.pth')
    with pytest.raises(ConfigError, match='lacks optimizer'):
        found(work_dir, resume)


def test_what_a_run_needs():
    check_states(whole(), 'a.pth', schedules=True)
    content = whole()
    del content['param_schedulers']
    check_states(content, 'a.pth', schedules=False)
    for wrong in ([], None, {}):
        with pytest.raises(ConfigError, match=r'a\.pth lacks meta'):
            check_states(wrong, 'a.pth', schedules=False)


def test_a_run_from_best_weights(tmp_path: Path, monkeypatch):
    """As a user does it: an error, and the way out that it names."""
    config, work_dir = write_config(tmp_path), tmp_path / 'w'
    train(config, TrainOptions(work_dir=str(work_dir), test=False))
    (best,) = work_dir.glob('best_*.pth')
    arguments = (config, '--work-dir', work_dir, '--no-test', '--resume')
    error = failure_of(monkeypatch, 'train', *arguments, best)
    assert f'{best} lacks optimizer, param_schedulers' in error
    count = best.stem.rpartition('_')[2]
    named = f'{work_dir}/epoch_{count}.pth'
    if Path(named).is_file():
        assert named in error
    options = TrainOptions(
        work_dir=str(tmp_path / 'new'),
        test=False,
        cfg_options={'load_from': str(best), 'train_cfg.max_epochs': 1},
    )
    train(config, options)
    begun = load_file(tmp_path / 'new' / 'epoch_1.pth')
    assert begun['meta']['epoch'] == 1


def test_a_run_without_schedules_goes_on(tmp_path: Path):
    config = write_config(tmp_path, 'no', 'param_scheduler = None\n')
    work_dir = str(tmp_path / 'w')
    for epochs, resume in ((1, None), (2, 'last')):
        options = TrainOptions(
            work_dir=work_dir,
            test=False,
            resume=resume,
            cfg_options={'train_cfg.max_epochs': epochs},
        )
        train(config, options)
    assert 'param_schedulers' not in load_file(tmp_path / 'w' / 'epoch_1.pth')
    assert load_file(tmp_path / 'w' / 'epoch_2.pth')['meta']['epoch'] == 2


def test_existing_checkpoint(tmp_path: Path):
    (tmp_path / 'a.safetensors').touch()
    with pytest.raises(ConfigError, match=r'is a folder.*\(a\.safetensors\)'):
        existing_checkpoint(str(tmp_path))
