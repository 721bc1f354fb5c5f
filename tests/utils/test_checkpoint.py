"""Reading checkpoints: mmengine's own are read, anything else is refused."""

import io
import os
import pickle
import random
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim import MultiStepLR, OneCycleLR, OptimWrapper
from torch import nn

from trimodal.utils.checkpoint import (
    _TORCH,
    RefusedFileError,
    history_from_plain,
    load_file,
    peek_file,
    plain_history,
)
from trimodal.utils.config import ConfigError
from trimodal.utils.saving import BrokenFileError, save_file


@pytest.fixture(autouse=True)
def torch_with_names() -> None:
    if _TORCH < (2, 7):
        pytest.skip('older torch can not allow-list what others have saved')


def round_trip(content: Any, path: Path) -> Any:
    torch.save(content, path)
    return load_file(path)


def test_history_of_plain_mmengine(tmp_path: Path):
    """As in every checkpoint that mmengine alone has written."""
    history = HistoryBuffer([0.25, 1 / 3], [1, 2])
    path = tmp_path / 'a.pth'
    torch.save({'h': history}, path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    loaded = load_file(path)['h']
    assert isinstance(loaded, HistoryBuffer)
    assert loaded.data[0].tolist() == [0.25, 1 / 3]
    assert loaded.data[1].tolist() == [1, 2]
    assert loaded.max_length == history.max_length
    assert loaded.statistics('max') == 1 / 3
    # Nothing of the pickle got into the class that all histories share.
    statistics = HistoryBuffer._statistics_methods
    assert statistics['max'] is HistoryBuffer.max


def test_numbers_and_arrays(tmp_path: Path):
    content = {
        'meta': {'epoch': 3, 'cfg': 'a = 1', 'palette': [(1, 2)]},
        'score': np.float64(0.5),
        'count': np.int64(7),
        'matrix': np.arange(6, dtype=np.int32).reshape(2, 3),
        'mask': np.array([True, False]),
    }
    loaded = round_trip(content, tmp_path / 'a.pth')
    assert loaded['meta'] == content['meta']
    assert loaded['score'] == 0.5
    assert loaded['count'] == 7
    for key in ('matrix', 'mask'):
        assert loaded[key].dtype == content[key].dtype
        assert (loaded[key] == content[key]).all()


def test_names_of_numpy_1_and_2(tmp_path: Path):
    """numpy renamed the module that rebuilds arrays."""
    data = pickle.dumps(np.arange(3.0), protocol=2)
    new, old = b'numpy._core.multiarray', b'numpy.core.multiarray'
    assert new in data or old in data
    for name in (new, old):
        renamed = data.replace(new, old).replace(old, name)
        path = tmp_path / 'a.pth'
        write_raw(path, renamed)
        assert load_file(path).tolist() == [0, 1, 2]


def write_raw(path: Path, data: bytes) -> None:
    """A checkpoint file with the given pickle inside."""
    torch.save({}, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            chosen = data if name.endswith('data.pkl') else content
            archive.writestr(name, chosen)


def test_states_of_schedulers(tmp_path: Path):
    """One-cycle keeps a function, multi-step a Counter."""
    model = nn.Linear(1, 1)
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1.0))
    one_cycle = OneCycleLR(optimizer, eta_max=1.0, total_steps=9)
    steps = MultiStepLR(optimizer, milestones=[2, 5])
    content = [one_cycle.state_dict(), steps.state_dict()]
    loaded = round_trip(content, tmp_path / 'a.pth')
    assert loaded[0]['anneal_func'] is OneCycleLR._annealing_cos
    assert loaded[1]['milestones'] == Counter([2, 5])


def test_plain_history_is_exact():
    history = HistoryBuffer([0.1, 7.0], [3, 1], max_length=5)
    back = history_from_plain(plain_history(history))
    assert back.max_length == 5
    for ours, theirs in zip(history.data, back.data, strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.tolist() == theirs.tolist()


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = (function, args)

    def __reduce__(self) -> tuple:
        return self.call


class Unknown:
    pass


@pytest.mark.parametrize(
    ('hostile', 'named'),
    [
        (lambda path: Call(os.mkdir, path), 'mkdir'),
        (lambda path: Call(eval, f'__import__("os").mkdir({path!r})'), 'eval'),
        (lambda path: Call(getattr, HistoryBuffer, '__init__'), 'getattr'),
        (lambda path: Call(getattr, HistoryBuffer, '__setstate__'), 'getattr'),
        (lambda path: Call(getattr, np.ndarray, 'tofile'), 'getattr'),
        (lambda path: Call(Call, 1), 'Call'),
        (lambda path: np.array([Unknown()], dtype=object), 'ObjectDType'),
        (lambda path: Unknown(), 'Unknown'),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, hostile, named: str):
    ran = tmp_path / 'ran'
    torch.save({'state_dict': {}, 'x': hostile(str(ran))}, tmp_path / 'a.pth')
    with pytest.raises(pickle.UnpicklingError, match='not loaded') as error:
        load_file(tmp_path / 'a.pth')
    assert named in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert not ran.exists()


def test_a_statistic_can_not_be_called(tmp_path: Path):
    """``getattr`` gives a name, not the method."""

    class Statistic:
        def __reduce__(self) -> tuple:
            return getattr, (HistoryBuffer, 'mean')

    loaded = round_trip(Statistic(), tmp_path / 'a.pth')
    assert loaded == 'mean'


def test_no_pickle_at_all(tmp_path: Path):
    page = b'<html>not found</html>'
    (tmp_path / 'a.pth').write_bytes(page)
    with pytest.raises(BrokenFileError, match=r'a\.pth is broken'):
        load_file(tmp_path / 'a.pth')
    with pytest.raises(pickle.UnpicklingError, match='not loaded: it is brok'):
        load_file(io.BytesIO(page))


@pytest.mark.parametrize('content', [b'junk\n', b'', b'\x80\x02'])
def test_no_checkpoint_at_all(tmp_path: Path, content: bytes):
    (tmp_path / 'a.pth').write_bytes(content)
    with pytest.raises(ConfigError, match=r'a\.pth (is broken|was not load)'):
        load_file(tmp_path / 'a.pth')


def test_files_of_old(tmp_path: Path):
    """Of a time before archives: read as others, damaged ones in one line."""
    path = tmp_path / 'a.pth'
    old = {'_use_new_zipfile_serialization': False}
    torch.save({'w': torch.arange(99.0)}, path, **old)
    for read in (load_file, peek_file):
        assert torch.equal(read(path)['w'], torch.arange(99.0))
    data, rng = path.read_bytes(), random.Random(0)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[rng.randrange(2, 400)] ^= 1 << rng.randrange(8)
        keep = rng.choice([len(data), rng.randrange(len(data))])
        path.write_bytes(damaged[:keep])
        said = ''
        try:
            load_file(path)
        except ConfigError as error:
            said = str(error)
        assert '\n' not in said
    torch.save({'x': Call(os.mkdir, str(tmp_path / 'ran'))}, path, **old)
    with pytest.raises(RefusedFileError, match='mkdir, which no'):
        load_file(path)
    assert not (tmp_path / 'ran').exists()


def test_archives_of_older_torch(tmp_path: Path):
    """Of tar: nobody can read them without running what is in them."""
    path = tmp_path / 'a.pth'
    with tarfile.open(path, 'w') as archive:
        for name in ('sys_info', 'pickle', 'storages', 'tensors'):
            archive.addfile(tarfile.TarInfo(name))
    for file in (path, io.BytesIO(path.read_bytes())):
        with pytest.raises(BrokenFileError):
            load_file(file)


def test_a_wrong_device_is_no_damage(tmp_path: Path):
    if torch.cuda.is_available():
        pytest.skip('the device is there')
    torch.save({'w': torch.ones(2)}, tmp_path / 'a.pth')
    with pytest.raises(RuntimeError, match='CUDA') as error:
        load_file(tmp_path / 'a.pth', 'cuda')
    assert not isinstance(error.value, ConfigError)


def test_looking_into_a_file(tmp_path: Path):
    """It does not read the tensors."""
    path = tmp_path / 'a.pth'
    save_file({'w': torch.arange(1000.0), 'meta': {'epoch': 3}}, path)
    data = path.read_bytes()
    tensor = torch.arange(1000.0).numpy().tobytes()
    assert tensor in data
    path.write_bytes(data.replace(tensor, bytes(len(tensor))))
    assert peek_file(path)['meta'] == {'epoch': 3}
    ran = tmp_path / 'ran'
    save_file({'x': Call(os.mkdir, str(ran))}, path)
    with pytest.raises(RefusedFileError, match='mkdir'):
        peek_file(path)
    assert not ran.exists()


def test_a_broken_file_is_named(tmp_path: Path):
    path = tmp_path / 'a.pth'
    save_file({'w': torch.ones(1000)}, path)
    assert load_file(path)['w'].sum() == 1000
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:2000])
    with pytest.raises(BrokenFileError, match=r'a\.pth is broken: it is cut'):
        load_file(path)
    data[1500] ^= 1
    path.write_bytes(data)
    with pytest.raises(BrokenFileError, match='differs from its checksum'):
        load_file(str(path))


def test_a_checksum_makes_a_hostile_file_no_better(tmp_path: Path):
    ran = tmp_path / 'ran'
    save_file({'x': Call(os.mkdir, str(ran))}, tmp_path / 'a.pth')
    with pytest.raises(pickle.UnpicklingError, match='mkdir'):
        load_file(tmp_path / 'a.pth')
    # Nor does the name of another kind of file.
    (tmp_path / 'a.pth').rename(tmp_path / 'a.safetensors')
    with pytest.raises(BrokenFileError):
        load_file(tmp_path / 'a.safetensors')
    assert not ran.exists()
