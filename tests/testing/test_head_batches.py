"""What heads are tried with."""

import torch

from trimodal.models import ClsHead
from trimodal.structures import TriModalDataSample
from trimodal.testing import HeadContract
from trimodal.testing.head_batches import AskedHead, bare, head_streams

CLS = {'type': 'ClsHead', 'num_classes': 3, 'in_channels': 12}


def test_every_subset_once():
    present = [[bool(s.present) for s in x.values()] for x in head_streams()]
    assert len(present) == 7
    assert len({tuple(row) for row in present}) == 7
    assert present[-1] == [True, True, True]


def test_meta_fields_fit_the_picture():
    batch = HeadContract(CLS).batch()
    first, *_, last = batch.data_samples
    assert first.present == ()
    assert 'img_shape' not in first
    assert last.present == ('a', 'b', 'c')
    cells = int(batch.streams['c'].mask[-1].sum()) - 1
    height, width = last.img_shape
    assert height * width // 64 * 5 == cells
    assert last.ori_shape == (2 * height, 2 * width)
    assert 'gt_label' in first
    assert 'gt_label' not in last


def test_shares_are_the_batch():
    contract = HeadContract(CLS)
    whole = contract.batch().data_samples
    parts = [*contract.share(0).data_samples, *contract.share(1).data_samples]
    assert [s.sample_id for s in parts] == [s.sample_id for s in whole]
    labels = [s.get('gt_label') for s in whole]
    assert [s.get('gt_label') for s in parts] == labels


def test_what_was_fused():
    contract = HeadContract(CLS)
    fused = AskedHead(ClsHead(3, 12)).fuse(contract.batch().streams)
    assert fused.tokens.shape[2] == fused.pooled.shape[1] == 12
    assert fused.streams['c'].x.shape[2] == 8
    assert not fused.tokens[~fused.mask].any()
    want = fused.tokens.sum(1) / fused.mask.sum(1, keepdim=True).clamp(min=1)
    torch.testing.assert_close(fused.pooled, want)
    assert fused.weights.sum(1).tolist() == [0, *[1] * 7]


def test_annotations_are_taken_away():
    batch = HeadContract(CLS).batch()
    batch.data_samples[0].set_gt_text('a').set_pred_text('b')
    sample = bare(batch).data_samples[0]
    assert isinstance(sample, TriModalDataSample)
    assert set(sample.keys()) == {'pred_text'}
    assert sample.sample_id == 'sample0'
    assert 'gt_label' in batch.data_samples[0]
