"""The summary of a config's model, with data and without."""

from pathlib import Path

import pytest

from tests.engine.tiny_fusion import write_fusion
from trimodal.apis.model_summary import summarize_config
from trimodal.utils.config import ConfigError

SHAPES = {'a': [4], 'b': [4]}


def test_from_shapes_and_from_a_sample(tmp_path: Path):
    path = write_fusion(tmp_path, 'tiny')
    rows = summarize_config(path, SHAPES)
    assert rows == summarize_config(path)
    named = {row.name: row for row in rows}
    assert named['encoders.a'].flops == 2 * 4 * 8
    assert named[''].parameters == sum(
        named[part].parameters for part in ('encoders', 'fusion', 'heads')
    )
    # A modality that is left out is absent: its encoder runs on nothing.
    assert len(summarize_config(path, {'a': [4]})) == len(rows)


def test_options_go_before_the_config(tmp_path: Path):
    path = write_fusion(tmp_path, 'tiny')
    options = {'model.heads.cls.num_classes': 5}
    rows = summarize_config(path, SHAPES, options)
    assert rows[0].shape == 'cls 1x5'


def test_what_is_refused(tmp_path: Path):
    path = write_fusion(tmp_path, 'tiny')
    with pytest.raises(ConfigError, match='--shape does not fit: '):
        summarize_config(path, {'a': [5]})
    bare = tmp_path / 'bare.py'
    bare.write_text('a = 1')
    with pytest.raises(ConfigError, match='does not define model'):
        summarize_config(str(bare))
    lost = (
        "val_dataloader = dict(dataset=dict(type='PackedTriModalDataset', {}))"
    )
    where = "data_root='nowhere', ann_file='val.h5', pipeline=[]"
    path = write_fusion(tmp_path, 'lost', lost.format(where))
    with pytest.raises(ConfigError, match=r'no sample .* give the shapes'):
        summarize_config(path)
    none = '\n'.join(
        f'{k}_dataloader = None' for k in ('train', 'val', 'test')
    )
    path = write_fusion(tmp_path, 'none', none)
    with pytest.raises(ConfigError, match='the config names no data'):
        summarize_config(path)
