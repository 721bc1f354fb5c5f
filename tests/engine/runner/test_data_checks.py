"""Data that were prepared for another model are refused or warned of."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.logging import MMLogger

from trimodal.datasets import (
    PackedTriModalDataset,
    PackedWriter,
    SampleAnnotation,
)
from trimodal.engine.runner.data_checks import check_data
from trimodal.models import (
    ImagePreprocessor,
    SpeechPreprocessor,
    TriModalDataPreprocessor,
    WaveformPreprocessor,
)
from trimodal.utils.config import ConfigError


def dataset(path: Path, rate: int = 16000, size: int = 28) -> Any:
    streams = {'speech': {'sample_rate': rate}, 'image': {'encoding': 'raw'}}
    preparation = {'modalities': {'image': {'target_size': [size, size]}}}
    with PackedWriter(path, streams, {}, preparation) as writer:
        wave = np.zeros(4, np.int16)
        writer.append(SampleAnnotation(id='a'), {'speech': {'data': wave}})
    return PackedTriModalDataset(str(path))


def runner(**datasets: Any) -> Any:
    preprocessor = TriModalDataPreprocessor(
        {
            'speech': SpeechPreprocessor(sample_rate=16000),
            'image': ImagePreprocessor(),
        }
    )
    loops = {
        f'_{part}_loop': SimpleNamespace(
            dataloader=SimpleNamespace(dataset=dataset)
        )
        for part, dataset in datasets.items()
    }
    model = SimpleNamespace(data_preprocessor=preprocessor)
    return SimpleNamespace(model=model, **loops)


@pytest.mark.parametrize('part', ['train', 'val', 'test'])
def test_another_sample_rate_is_refused(tmp_path: Path, part: str):
    right = dataset(tmp_path / 'right.h5')
    wrong = dataset(tmp_path / 'wrong.h5', rate=8000)
    check_data(runner(**{part: right}))
    for found in (
        wrong,
        RepeatDataset(wrong, 2),
        ConcatDataset([right, wrong]),
    ):
        with pytest.raises(ConfigError) as error:
            check_data(runner(**{part: found}))
        assert str(error.value) == (
            f'{part}_dataloader: speech of {tmp_path}/wrong.h5 has '
            'sample_rate=8000, the model is for sample_rate=16000; prepare '
            'the data again with the preprocessing config for this model '
            '(tools/prepare_data.py --config), or set sample_rate=8000 in its '
            'data preprocessor'
        )


def test_files_prepared_in_two_ways_are_warned_of(tmp_path: Path):
    small = dataset(tmp_path / 'small.h5')
    large = dataset(tmp_path / 'large.h5', size=64)
    name = f'checks_{tmp_path.name}'
    log = tmp_path / 'log'
    MMLogger.get_instance(name, logger_name=name, log_file=str(log))
    check_data(runner(train=small, val=small))
    assert log.read_text() == ''
    check_data(runner(train=small, val=large))
    assert (
        'val_dataloader: image was prepared otherwise than the training '
        'data: target_size=[64, 64] where training has [28, 28]'
    ) in log.read_text()


def test_what_preprocessors_are_for():
    assert ImagePreprocessor().stream_attributes == {}
    for kind in (SpeechPreprocessor, WaveformPreprocessor):
        expected = {'sample_rate': 8000}
        assert kind(sample_rate=8000).stream_attributes == expected


def test_other_data_and_models_pass():
    found = runner(train=[1, 2], val=None)
    check_data(found)
    found.model = SimpleNamespace()
    check_data(found)
