import pytest
import torch
from torch import nn

from trimodal.models import MSELoss, RegHead
from trimodal.structures import Fused, TriModalDataSample

NAN = float('nan')


def fused(size: int, channels: int = 3) -> Fused:
    generator = torch.Generator().manual_seed(1)
    pooled = torch.randn(size, channels, generator=generator)
    mask = torch.ones(size, 1, dtype=torch.bool)
    weights = torch.ones(size, 1)
    return Fused(pooled.unsqueeze(1), mask, pooled, weights)


def samples(*values) -> list[TriModalDataSample]:
    made = [TriModalDataSample() for _ in values]
    for sample, value in zip(made, values, strict=True):
        if value is not None:
            sample.set_gt_value(value)
    return made


def test_loss_is_of_standardised_targets():
    head = RegHead(3, num_outputs=2, mean=(10.0, 0.0), std=(5.0, 2.0))
    x = fused(3)
    got = head.loss(x, samples([15.0, 4.0], None, [0.0, NAN]))
    out = head(x)
    want = (out[0, 0] - 1) ** 2 + (out[0, 1] - 2) ** 2 + (out[2, 0] + 2) ** 2
    torch.testing.assert_close(got, {'loss_reg': want / 3})


def test_predictions_are_in_the_unit_of_the_targets():
    head = RegHead(3, num_outputs=2, mean=(10.0, 0.0), std=(5.0, 2.0))
    x = fused(2)
    given = samples(None, None)
    got = head.predict(x, given)
    want = head(x) * torch.tensor([5.0, 2.0]) + torch.tensor([10.0, 0.0])
    for sample, value in zip(got, want, strict=True):
        torch.testing.assert_close(sample.pred_value, value.detach())
    assert all('pred_value' not in sample for sample in given)


@pytest.mark.parametrize(
    ('limits', 'want'),
    [
        ({'low': 2.0}, [2.0, 6.0]),
        ({'high': (-3.0, 5.0)}, [-3.0, 5.0]),
        ({'low': -2.0, 'high': 3.0}, [-2.0, 3.0]),
    ],
)
def test_limits_hold_in_predictions_only(limits, want):
    head = RegHead(3, num_outputs=2, mean=0.0, std=1.0, **limits)
    head.layers = nn.Flatten()
    x = fused(1, 2)
    x = Fused(x.tokens, x.mask, torch.tensor([[-3.0, 6.0]]), x.weights)
    (got,) = head.predict(x, samples(None))
    assert got.pred_value.tolist() == want
    loss = head.loss(x, samples([-3.0, 6.0]))['loss_reg']
    assert loss.item() == 0


def test_statistics_are_in_the_checkpoint():
    head, other = (RegHead(3) for _ in range(2))
    head.targets.measure(torch.tensor([[1.0], [5.0]]))
    other.load_state_dict(head.state_dict())
    x = fused(2)
    got, want = (h.predict(x, samples(None, None)) for h in (other, head))
    for a, b in zip(got, want, strict=True):
        assert a.pred_value.equal(b.pred_value)
    assert {'targets.mean', 'targets.std'} <= set(head.state_dict())


def test_learns_targets_far_from_zero():
    torch.manual_seed(0)
    x = fused(64)
    target = 1000 + 50 * x.pooled[:, 0]
    head = RegHead(3, loss=MSELoss())
    head.targets.measure(target.unsqueeze(1))
    given = samples(*target.tolist())
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        head.loss(x, given)['loss_reg'].backward()
        optimizer.step()
    values = torch.cat([s.pred_value for s in head.predict(x, given)])
    assert (values - target).abs().mean() < 1


def test_unmeasured_is_refused():
    head = RegHead(3)
    for use in (head.loss, head.predict):
        with pytest.raises(ValueError, match='TargetStatisticsHook'):
            use(fused(1), samples(4.0))


def test_another_number_of_targets():
    head = RegHead(3, mean=0.0, std=1.0)
    given = samples([1.0, 2.0])
    given[0].set_metainfo({'sample_id': 'a7'})
    with pytest.raises(ValueError, match=r"1 values .* got 2 in sample 'a7'"):
        head.loss(fused(1), given)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'num_outputs': 0}, 'num_outputs'),
        ({'in_channels': 0}, 'in_channels'),
        ({'hidden_channels': (0,)}, 'hidden_channels'),
        ({'dropout': 2.0}, 'dropout'),
        ({'std': 0.0}, 'std'),
        ({'mean': (1.0, 2.0, 3.0)}, 'mean'),
        ({'low': (1.0, 2.0, 3.0)}, 'low'),
        ({'high': 'much'}, 'high'),
        ({'low': 1.0, 'high': 1.0}, r'low must be below high, got 1\.0'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        RegHead(**{'in_channels': 3, 'num_outputs': 2, **settings})
