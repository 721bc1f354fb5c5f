"""What a folder keeps, and what of it is whole."""

from pathlib import Path

import pytest

from trimodal.engine.runner.kept_checkpoints import (
    before,
    check_checkpoint,
    first_whole,
    has_number,
    is_of_shards,
    numbered,
    whole_one_of,
)
from trimodal.utils.saving import BrokenFileError, save_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = ['epoch_9', 'epoch_10', 'best_a_epoch_9', 'last', 'best_a_epoch_2']
    for name in (*names, 'epoch_11-01234567'):
        save_file({'name': name}, tmp_path / f'{name}.pth')
    (tmp_path / 'epoch_12.pth.tmp').touch()
    return tmp_path


def test_those_with_a_number(folder: Path):
    kept = [folder / 'epoch_10.pth', folder / 'epoch_9.pth']
    assert numbered(folder) == kept
    assert list(before(folder / 'epoch_11.pth')) == kept
    assert list(before(folder / 'epoch_10.pth')) == kept[1:]
    assert list(before(folder / 'last.pth')) == []
    assert numbered(folder / 'none') == []
    assert has_number(kept[0])
    assert not has_number(folder / 'last.pth')
    other = folder / 'epoch-00000012.pth'  # filename_tmpl may say so
    kept[0].rename(other)
    assert numbered(folder) == [other, kept[1]]


def test_the_whole_one_of_a_best_one(folder: Path):
    best = folder / 'best_a_epoch_9.pth'
    assert whole_one_of(best) == folder / 'epoch_9.pth'
    assert whole_one_of(folder / 'best_a_epoch_2.pth') is None
    assert whole_one_of(folder / 'best_a_epoch_19.pth') is None
    assert whole_one_of(folder / 'my_epoch_9.pth') is None


def test_the_first_whole_one(folder: Path, capsys):
    assert first_whole(numbered(folder)) == folder / 'epoch_10.pth'
    assert capsys.readouterr().out == ''
    (folder / 'epoch_10.pth').write_bytes(b'PK')
    assert first_whole(numbered(folder)) == folder / 'epoch_9.pth'
    assert 'epoch_10.pth is broken' in capsys.readouterr().out
    (folder / 'epoch_9.pth').write_bytes(b'')
    assert first_whole(numbered(folder)) is None


def test_folders(tmp_path: Path):
    for name, file in {
        'deepspeed': 'mp_rank_00_model_states.pt',
        'zero3': 'zero_pp_rank_0_mp_rank_00_model_states.pt',
        'fsdp': 'rank0.pth',
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        assert not is_of_shards(folder)
        with pytest.raises(BrokenFileError, match='a folder but no checkpoi'):
            check_checkpoint(folder)
        (folder / file).touch()
        assert is_of_shards(folder)
        check_checkpoint(folder)


def test_what_can_not_be_read(folder: Path, monkeypatch):
    """A disk that fails gives an error of the system."""
    path = folder / 'epoch_9.pth'
    check_checkpoint(path)

    def fail(*_: object) -> None:
        raise OSError(5, 'Input/output error')

    name = 'trimodal.engine.runner.kept_checkpoints.check_file'
    monkeypatch.setattr(name, fail)
    with pytest.raises(BrokenFileError, match='can not be read: Input/out'):
        check_checkpoint(path)
