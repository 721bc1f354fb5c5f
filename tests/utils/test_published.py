"""A published file is what its name says."""

import shutil
from pathlib import Path

import pytest
import torch

from trimodal.utils.checkpoint import load_file
from trimodal.utils.published import (
    check_published,
    is_published,
    rename_published,
)
from trimodal.utils.saving import BrokenFileError, save_file
from trimodal.utils.weights import save_weights

STATE = {'w': torch.arange(1000.0)}


def save(path: Path) -> Path:
    if path.suffix == '.pth':
        save_file({'state_dict': STATE}, path)
    else:
        save_weights(STATE, {}, path)
    return path


@pytest.fixture(params=['pth', 'safetensors'])
def published(tmp_path: Path, request) -> Path:
    return rename_published(save(tmp_path / f'a.{request.param}'))


def test_a_whole_one(published: Path):
    assert is_published(published)
    check_published(published)
    assert torch.equal(load_file(published)['state_dict']['w'], STATE['w'])


def test_every_flipped_bit_is_found(published: Path):
    """Of header, tensors and end, also where nothing else would tell."""
    data = published.read_bytes()
    for at in (*range(0, len(data), 97), len(data) - 1):
        altered = bytearray(data)
        altered[at] ^= 1 << at % 8
        published.write_bytes(altered)
        with pytest.raises(BrokenFileError, match='is broken') as error:
            load_file(published)
        assert '\n' not in str(error.value)


def test_another_file_under_its_name(published: Path):
    """One that is whole in itself; the error says how to go on."""
    other = {'state_dict': {'w': torch.ones(3)}}
    if published.suffix == '.pth':
        save_file(other, published)
    else:
        save_weights(other['state_dict'], {}, published)
    match = 'SHA-256 begins with .* as its name says; .* or rename it'
    with pytest.raises(BrokenFileError, match=match):
        load_file(published)
    renamed = published.with_name(f'b{published.suffix}')
    published.rename(renamed)
    assert load_file(renamed)['state_dict']['w'].sum() == 3


@pytest.mark.parametrize(
    'name', ['a.pth', 'a-0123abc.pth', 'a-0123ABCD.pth', '0123abcd.pth']
)
def test_other_names(tmp_path: Path, name: str):
    path = save(tmp_path / name)
    assert not is_published(path)
    assert load_file(path)['state_dict']['w'].sum() == STATE['w'].sum()


def test_names_of_others(tmp_path: Path):
    """What we have not written may be named after a day."""
    torch.save(STATE, tmp_path / 'a-20240131.pth')
    assert load_file(tmp_path / 'a-20240131.pth')['w'][2] == 2
    shutil.copy(save(tmp_path / 'a.pth'), tmp_path / 'b-20240131.pth')
    with pytest.raises(BrokenFileError, match='rename it'):
        load_file(tmp_path / 'b-20240131.pth')
