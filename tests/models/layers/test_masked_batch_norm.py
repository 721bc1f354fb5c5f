"""Batch normalisation of padded sequences."""

import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from trimodal.models.layers.masked_batch_norm import MaskedBatchNorm


def test_equals_batch_norm_of_the_real_steps():
    ours, theirs = MaskedBatchNorm(5), nn.BatchNorm1d(5)
    for _ in range(3):
        x = torch.randn(4, 7, 2, 5) * 3 + 1
        mask = torch.rand(4, 7) < 0.6
        got = ours(x, mask)
        want = theirs(x[mask].flatten(0, 1))
        torch.testing.assert_close(
            got[mask].flatten(0, 1), want, atol=1e-5, rtol=1e-5
        )
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)
    ours.eval(), theirs.eval()
    x = torch.randn(2, 3, 1, 5)
    torch.testing.assert_close(
        ours(x, torch.ones(2, 3).bool()).flatten(0, 2),
        theirs(x.flatten(0, 2)),
    )


def test_gradients_equal_those_of_the_real_steps():
    mask = torch.rand(4, 7) < 0.6
    x = torch.randn(4, 7, 1, 5, requires_grad=True)
    direction = torch.randn(4, 7, 1, 5)
    (MaskedBatchNorm(5)(x, mask) * direction)[mask].sum().backward()
    got, x.grad = x.grad, None
    (
        nn.BatchNorm1d(5)(x[mask].flatten(0, 1)) * direction[mask].squeeze(1)
    ).sum().backward()
    torch.testing.assert_close(got, x.grad, atol=1e-5, rtol=1e-4)
    assert not got[~mask].any()


def test_mean_over_all_batches():
    """Without a momentum; a batch of nothing is not counted."""
    ours, theirs = MaskedBatchNorm(5, momentum=None), nn.BatchNorm1d(5)
    theirs.momentum = None
    for size in (0, 4, 3, 0, 6):
        x, mask = torch.randn(1, 6, 1, 5), torch.arange(6)[None] < size
        ours(x, mask)
        if size:
            theirs(x[mask].squeeze(1))
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)


def test_nothing_real_changes_nothing():
    norm = MaskedBatchNorm(5)
    norm(torch.randn(2, 3, 1, 5), torch.ones(2, 3).bool())
    before = {k: v.clone() for k, v in norm.state_dict().items()}
    out = norm(torch.randn(2, 3, 1, 5), torch.zeros(2, 3).bool())
    assert out.isfinite().all()
    for name, value in before.items():
        assert torch.equal(norm.state_dict()[name], value)


def test_a_single_step_is_finite():
    norm = MaskedBatchNorm(5)
    mask = torch.tensor([[True, False]])
    out = norm(torch.randn(1, 2, 1, 5), mask)
    torch.testing.assert_close(out[0, 0, 0], norm.bias.data)
    assert norm.running_var.isfinite().all()


def test_synchronising_leaves_it_as_it_is():
    model = nn.Sequential(MaskedBatchNorm(5), nn.BatchNorm2d(5))
    synced = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert isinstance(synced[0], MaskedBatchNorm)
    assert isinstance(synced[1], nn.SyncBatchNorm)


def test_it_is_spared_weight_decay():
    wrapper = build_optim_wrapper(
        MaskedBatchNorm(5),
        {
            'optimizer': {'type': 'SGD', 'lr': 1.0, 'weight_decay': 0.1},
            'paramwise_cfg': {'norm_decay_mult': 0.0},
        },
    )
    groups = [g for g in wrapper.param_groups if g['params']]
    assert [group['weight_decay'] for group in groups] == [0.0, 0.0]
