"""A published file is what its name says."""

from pathlib import Path

import pytest
import safetensors.torch
import torch

from trimodal.engine.hooks import CheckpointHook
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


def test_another_file_under_its_name(tmp_path: Path):
    """One that is whole in itself; the error says how to go on."""
    published = rename_published(save(tmp_path / 'a.safetensors'))
    save_weights({'w': torch.ones(3)}, {}, published)
    match = 'SHA-256 begins with .* as its name says; .* or rename it'
    with pytest.raises(BrokenFileError, match=match):
        load_file(published)
    renamed = published.with_name('b.safetensors')
    published.rename(renamed)
    assert load_file(renamed)['state_dict']['w'].sum() == 3


@pytest.mark.parametrize(
    'name',
    [
        'a.pth',
        'a-0123abc.pth',
        'a-0123ABCD.pth',
        '0123abcd.pth',
        'iter-00000010.pth',
        'a-20240131.pth',
        'a-20240131.safetensors',
    ],
)
def test_other_names(tmp_path: Path, name: str):
    """Also of a count or a day."""
    path = save(tmp_path / name)
    assert not is_published(path)
    assert load_file(path)['state_dict']['w'].sum() == STATE['w'].sum()


def test_names_of_others(tmp_path: Path):
    """What they mean is theirs; a .pth of ours has a checksum inside."""
    for file in ('a-20240131.pth', 'resnet18-f37072fd.pth'):
        torch.save(STATE, tmp_path / file)
        assert load_file(tmp_path / file)['w'][2] == 2
    path = tmp_path / 'resnet18-f37072fd.safetensors'
    safetensors.torch.save_file(STATE, path)
    assert load_file(path)['state_dict']['w'][2] == 2


def test_published_by_the_hook(tmp_path: Path):
    """mmengine's digits are those of other bytes."""
    path = save(tmp_path / 'epoch_1.pth')
    CheckpointHook(published_keys=['state_dict'])._publish_model(
        None, str(path)
    )
    (published,) = tmp_path.glob('epoch_1-*.pth')
    assert is_published(published)
    assert torch.equal(load_file(published)['state_dict']['w'], STATE['w'])
