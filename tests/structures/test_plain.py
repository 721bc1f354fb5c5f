"""Batches to plain data and back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement, InstanceData

from trimodal.structures import ModalityInput, TriModalDataSample
from trimodal.structures.plain import decode_plain, encode_plain


class Special(TriModalDataSample):
    """Of a class that the file must not name."""


def test_a_batch_comes_back_from_a_file_without_classes(tmp_path: Path):
    meta = {'sample_id': 'a', 'img_shape': (4, np.int64(6)), 'group': None}
    sample = TriModalDataSample(metainfo=meta).set_gt_label(2)
    boxes = InstanceData(bboxes=torch.rand(2, 4), labels=torch.arange(2))
    sample.set_gt_instances(boxes).set_gt_text('five')
    mask = torch.ones(1, 3, dtype=torch.bool)
    batch = {
        'inputs': {'x': [torch.rand(3, requires_grad=True) * 2, None]},
        'data_samples': [sample, Special(metainfo={'sample_idx': 1})],
        'ready': ModalityInput(torch.rand(1, 3), mask),
        'array': np.arange(3, dtype=np.int16),
        'shape': torch.Size([2, 3]),
        'float': np.float64(0.5),
        'other': BaseDataElement(x=torch.ones(1)),
    }
    torch.save(encode_plain(batch), tmp_path / 'batch.pth')
    content = torch.load(tmp_path / 'batch.pth', weights_only=True)
    back = decode_plain(content)
    assert torch.equal(back['inputs']['x'][0], batch['inputs']['x'][0])
    assert back['inputs']['x'][1] is None
    ours, special = back['data_samples']
    assert type(ours) is type(special) is TriModalDataSample
    assert ours.metainfo == meta
    assert special.sample_idx == 1
    assert ours.gt_label.tolist() == [2]
    assert ours.gt_text == 'five'
    assert torch.equal(ours.gt_instances.bboxes, boxes.bboxes)
    assert torch.equal(back['ready'].mask, mask)
    np.testing.assert_array_equal(back['array'], batch['array'])
    assert back['array'].dtype == np.int16
    assert back['shape'] == (2, 3)
    assert back['float'] == 0.5
    assert back['other'].x.tolist() == [1]


def test_a_row_is_not_saved_with_its_batch(tmp_path: Path):
    row = torch.zeros(1000, 1000)[0]
    torch.save(encode_plain(row), tmp_path / 'row.pth')
    assert (tmp_path / 'row.pth').stat().st_size < 10000


def test_what_is_not_plain_becomes_its_name():
    assert encode_plain(Path('a')).endswith("Path('a')")
    with pytest.raises(ValueError, match=r"one of .*got 'Evil'"):
        decode_plain({'__kind__': 'Evil', 'fields': {}})
