"""Batches of the contract of heads."""

import torch

from trimodal.testing import HeadContract

CLS = {'type': 'ClsHead', 'num_classes': 3, 'in_channels': 12}


def test_weights_are_the_same_each_time():
    first, second = (HeadContract(CLS).build().state_dict() for _ in range(2))
    assert all(torch.equal(x, second[name]) for name, x in first.items())
    assert all(x.any() for x in first.values())


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
