"""Streams with encoders of their own."""

import pytest
import torch

from trimodal.models import GesturePreprocessor, StreamFusionEncoder
from trimodal.structures import ModalityInput

ENCODER = {
    'type': 'HandGraphEncoder',
    'in_channels': 3,
    'graph_channels': (6,),
    'embed_dims': 8,
    'num_layers': 1,
    'dropout': 0.0,
}


def streams(names=('joint', 'bone', 'motion')) -> ModalityInput:
    x = torch.randn(5, 2, 21, 3)
    x[1, 0] = torch.nan
    return GesturePreprocessor(names)([x, None])


def apart(fusion: StreamFusionEncoder, x: ModalityInput) -> torch.Tensor:
    """What each encoder gives for its stream, ``[B, T, S, C]``."""
    given = []
    for index, encoder in enumerate(fusion.encoders):
        part = x.data[..., 3 * index : 3 * index + 3]
        given.append(encoder(ModalityInput(part, x.mask)).x)
    return torch.stack(given, dim=2)


def test_mean():
    fusion = StreamFusionEncoder(ENCODER)
    x = streams()
    tokens = fusion(x)
    torch.testing.assert_close(tokens.x, apart(fusion, x).mean(2))
    assert tokens.mask.tolist() == [[True] * 5, [False] * 5]
    assert tokens.present.tolist() == [True, False]


def test_concat():
    fusion = StreamFusionEncoder(ENCODER, fusion='concat')
    x = streams()
    want = fusion.linear(apart(fusion, x).flatten(2))[0]
    torch.testing.assert_close(fusion(x).x[0], want)


def test_attention_of_four_streams():
    names = ('joint', 'bone', 'motion', 'bone_motion')
    fusion = StreamFusionEncoder(ENCODER, num_streams=4, fusion='attention')
    x = streams(names)
    each = apart(fusion, x)[0]
    weights = (each @ fusion.linear.weight[0]).softmax(1)
    want = torch.einsum('ts,tsc->tc', weights, each)
    torch.testing.assert_close(fusion(x).x[0], want)


def test_encoders_have_weights_of_their_own():
    first, second, _ = StreamFusionEncoder(ENCODER).encoders
    assert not torch.equal(first.embedding.weight, second.embedding.weight)
    assert ENCODER['type'] == 'HandGraphEncoder'


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_streams': 0}, 'num_streams'),
        ({'fusion': 'max'}, "fusion .*'max'"),
        ({'encoder': {'type': 'CrossEntropyLoss'}}, "'CrossEntropyLoss'"),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        StreamFusionEncoder(**{'encoder': ENCODER, **changes})


def test_channels_must_divide():
    fusion = StreamFusionEncoder(ENCODER, num_streams=2)
    with pytest.raises(ValueError, match=r'9 channels.*num_streams=2'):
        fusion(streams())
