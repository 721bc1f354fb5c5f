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
