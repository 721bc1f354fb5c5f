import pytest
import torch

from trimodal.models.layers.standardiser import Standardiser, per_output

NAN = float('nan')


def test_given_numbers():
    layer = Standardiser(2, mean=1.0, std=(2.0, 4.0))
    assert layer.known
    values = torch.tensor([[3.0, 5.0], [1.0, NAN]])
    got = layer(values)
    want = torch.tensor([[1.0, 1.0], [0.0, NAN]])
    torch.testing.assert_close(got, want, equal_nan=True)
    torch.testing.assert_close(layer.restore(got), values, equal_nan=True)


def test_measured_without_what_is_missing():
    layer = Standardiser(2, mean='auto', std='auto')
    assert not layer.known
    layer.measure(torch.tensor([[1.0, NAN], [3.0, 5.0], [NAN, NAN]]))
    assert layer.known
    assert layer.mean.tolist() == [2.0, 5.0]
    # One value, or all alike: nothing to scale by.
    assert layer.std.tolist() == [1.0, 1.0]
    layer.measure(torch.tensor([[0.0, 1.0], [4.0, 3.0]]).double())
    assert layer.std.tolist() == [2.0, 1.0]
    assert layer.std.dtype == torch.float32


def test_large_means_keep_their_digits():
    values = torch.tensor([[1e6 + 1], [1e6 - 1]], dtype=torch.float64)
    layer = Standardiser(1, 'auto', 'auto')
    layer.measure(values)
    assert layer.std.item() == 1.0


def test_what_was_given_stays():
    layer = Standardiser(1, mean=0.0, std='auto')
    layer.measure(torch.tensor([[4.0], [8.0]]))
    assert (layer.mean.item(), layer.std.item()) == (0.0, 2.0)


def test_a_checkpoint_makes_it_known():
    first, second = (Standardiser(1, 'auto', 'auto') for _ in range(2))
    first.measure(torch.tensor([[4.0], [8.0]]))
    second.load_state_dict(first.state_dict())
    assert second.known
    assert second.restore(torch.ones(1, 1)).item() == 8.0


def test_unknown_is_refused():
    layer = Standardiser(1, 'auto', 2.0)
    for use in (layer, layer.restore):
        with pytest.raises(ValueError, match=r'^mean of the targets'):
            use(torch.zeros(1, 1))


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        (torch.zeros(3, 1), r'targets must be \[N, 2\]'),
        (torch.zeros(3), r'got \[3\]'),
        (torch.tensor([[1.0, NAN]]), r'no target for output \[1\]'),
    ],
)
def test_targets_that_do_not_fit(values, message):
    with pytest.raises(ValueError, match=message):
        Standardiser(2, 'auto', 'auto').measure(values)


@pytest.mark.parametrize(
    ('mean', 'std', 'message'),
    [
        ((1.0, 2.0, 3.0), 1.0, 'mean must be a number or 2 of them'),
        ('automatic', 1.0, "number or 2 of them, got 'automatic'"),
        (0.0, (1.0, 0.0), 'std must be larger than 0'),
        (0.0, NAN, 'std must be larger than 0'),
    ],
)
def test_bad_arguments(mean, std, message):
    with pytest.raises(ValueError, match=message):
        Standardiser(2, mean, std)


def test_per_output():
    assert per_output('low', 3, 2).tolist() == [3.0, 3.0]
    assert per_output('low', (3, 4), 2).tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match=r'low must be .* got \[\[1\]\]'):
        per_output('low', [[1]], 1)
