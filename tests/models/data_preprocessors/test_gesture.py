"""Joint, bone and motion streams."""

import pytest
import torch

from trimodal.models import GesturePreprocessor
from trimodal.models.layers import build_skeleton

NAN = float('nan')
CHAIN = {'parents': (0, 0, 1)}


def chain(**changes) -> GesturePreprocessor:
    settings = {'num_hands': 1, 'layout': CHAIN, **changes}
    return GesturePreprocessor(**settings)


def sequence(*values) -> torch.Tensor:
    """``[T, 1, 3, 3]``: joint v of frame t at (values[t] * (v + 1), 0, 0)."""
    x = torch.zeros(len(values), 1, 3, 3)
    x[..., 0] = torch.tensor(values).view(-1, 1, 1) * torch.arange(1, 4)
    return x.masked_fill(x[..., :1].isnan(), NAN)


def test_streams_by_hand():
    got = chain()([sequence(1.0, 3.0, NAN, 4.0, 6.0)])
    assert got.mask[0, :, 0].tolist() == [True, True, False, True, True]
    x = got.data[0, :, 0]
    assert x.shape == (5, 3, 9)
    # joint, bone, motion; only the first coordinate of each is not zero
    assert x[1, :, 0].tolist() == [3, 6, 9]
    assert x[1, :, 3].tolist() == [0, 3, 3]
    # no frame before the first, none seen before the fourth
    assert x[:, 2, 6].tolist() == [0, 6, 0, 0, 6]
    assert not x[2].any()
    assert not x[..., [1, 2, 4, 5, 7, 8]].any()


def test_bones_follow_the_fingers():
    x = torch.randn(1, 2, 21, 3)
    got = GesturePreprocessor(streams=['bone'])([x]).data[0]
    parents = build_skeleton('hand_21').parents
    for joint, parent in enumerate(parents):
        torch.testing.assert_close(
            got[:, :, joint], x[:, :, joint] - x[:, :, parent]
        )


@pytest.mark.parametrize('normalize', [None, 'frame', 'sequence'])
def test_alone_or_padded_is_the_same(normalize):
    preprocessor = GesturePreprocessor(normalize=normalize)
    samples = [
        torch.randn(n, 2, 21, 3).masked_fill(torch.rand(n, 2, 1, 1) < 0.4, NAN)
        for n in (1, 6, 13)
    ]
    batch = preprocessor([samples[0], None, *samples[1:]])
    for row, sample in zip((0, 2, 3), samples, strict=True):
        alone = preprocessor([sample])
        length = len(sample)
        torch.testing.assert_close(batch.data[row, :length], alone.data[0])
        assert torch.equal(batch.mask[row, :length], alone.mask[0])
        assert not batch.data[row, length:].any()
    assert not batch.mask[1].any()


def test_streams_are_chosen_in_order():
    x = torch.randn(4, 2, 21, 3)
    all_three = GesturePreprocessor()([x]).data
    some = GesturePreprocessor(streams=('motion', 'joint'))([x]).data
    torch.testing.assert_close(some[..., :3], all_three[..., 6:])
    torch.testing.assert_close(some[..., 3:], all_three[..., :3])


def test_bone_motion_is_the_motion_of_bones():
    x = sequence(1.0, 3.0, NAN, 4.0, 6.0)
    got = chain(streams=('bone', 'bone_motion'))([x]).data[0, :, 0]
    assert got[:, 2, 0].tolist() == [1, 3, 0, 4, 6]
    assert got[:, 2, 3].tolist() == [0, 2, 0, 0, 2]
    assert not got[:, 0].any()


def test_landmarks_in_the_plane():
    x = torch.randn(4, 2, 21, 3)
    x[1, 0] = NAN
    streams = ('joint', 'bone', 'motion', 'bone_motion')
    flat = GesturePreprocessor(streams, coordinates=2)([x[..., :2]])
    whole = GesturePreprocessor(streams)([x])
    assert flat.data.shape == (1, 4, 2, 21, 8)
    kept = [0, 1, 3, 4, 6, 7, 9, 10]
    torch.testing.assert_close(flat.data, whole.data[..., kept])
    assert torch.equal(flat.mask, whole.mask)
    with pytest.raises(ValueError, match=r'\[any, 2, 21, 2\].*3'):
        GesturePreprocessor(coordinates=2)([x])


def test_normalised_by_frame_has_no_place_and_no_size():
    x = torch.randn(3, 2, 21, 3)
    preprocessor = GesturePreprocessor(['joint'], normalize='frame')
    got = preprocessor([x]).data
    assert not got[..., 0, :].any()
    size = got.square().sum(-1).mean(-1)
    torch.testing.assert_close(size, torch.ones(1, 3, 2))
    moved = x * torch.rand(3, 2, 1, 1).add(0.5) + torch.randn(3, 2, 1, 3)
    torch.testing.assert_close(
        preprocessor([moved]).data, got, atol=1e-4, rtol=1e-4
    )


def test_normalised_by_sequence_keeps_the_path():
    x = torch.randn(5, 2, 21, 3)
    x[2, 0] = NAN
    preprocessor = GesturePreprocessor(['joint'], normalize='sequence')
    got = preprocessor([x])
    seen = got.data[got.mask]
    torch.testing.assert_close(
        seen[:, 0].mean(0), torch.zeros(3), atol=1e-5, rtol=0
    )
    size = (seen - seen[:, :1]).square().sum(-1).mean()
    torch.testing.assert_close(size, torch.tensor(1.0))
    # One centre and one scale: differences keep their ratio.
    ratio = (seen - seen[0])[1:] / (x[got.mask[0]] - x[0, 0])[1:]
    torch.testing.assert_close(
        ratio, ratio[0, 0, 0].expand_as(ratio), atol=1e-3, rtol=1e-3
    )
    torch.testing.assert_close(
        preprocessor([x * 3 + 2]).data, got.data, atol=1e-4, rtol=1e-4
    )


def test_a_hand_of_no_size_is_finite():
    for normalize in ('frame', 'sequence'):
        preprocessor = GesturePreprocessor(normalize=normalize)
        assert preprocessor([torch.ones(2, 2, 21, 3)]).data.isfinite().all()


def test_half_precision_and_infinity():
    x = torch.randn(2, 2, 21, 3).half()
    x[1, 1, 3, 0] = float('inf')
    got = GesturePreprocessor()([x])
    assert got.data.dtype == torch.float32
    assert got.mask[0].tolist() == [[True, True], [True, False]]


def test_no_hand_anywhere():
    got = GesturePreprocessor()([None, torch.zeros(0, 2, 21, 3)])
    assert got.data.shape == (2, 1, 2, 21, 9)
    assert not got.mask.any()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'streams': ()}, 'streams'),
        ({'streams': ('joint', 'speed')}, "streams .*'speed'"),
        ({'normalize': 'hand'}, "normalize .*'hand'"),
        ({'num_hands': 0}, 'num_hands'),
        ({'layout': 'foot'}, 'layout'),
        ({'coordinates': 4}, 'coordinates'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        GesturePreprocessor(**settings)


def test_another_layout_is_refused():
    with pytest.raises(ValueError, match=r'\[any, 2, 21, 3\].*22'):
        GesturePreprocessor()([torch.zeros(4, 2, 22, 3)])
