"""Alignment by contrast."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import ContrastiveAligner
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}


def make(**changes) -> ContrastiveAligner:
    torch.manual_seed(0)
    return ContrastiveAligner(tuple(WIDTHS), WIDTHS, embed_dims=8, **changes)


def test_streams_pass_unchanged():
    tokens = stack_streams(stream_samples(WIDTHS))
    got = make()({'z': tokens['a'], **tokens})
    assert list(got) == ['z', 'a', 'b', 'c']
    for name, stream in tokens.items():
        assert got[name] is stream


def test_embeds_the_means_of_real_steps():
    aligner = make()
    tokens = stack_streams(stream_samples(WIDTHS))
    x, present = aligner.embed(tokens)
    assert present.tolist() == [
        [bool(n & 1), bool(n & 2), bool(n & 4)] for n in range(1, 8)
    ]
    assert not x[~present].any()
    stream = tokens['b']
    mean = stream.x[6][stream.mask[6]].mean(0)
    normed = F.layer_norm(mean, (5,), eps=1e-6)
    want = aligner.projections['b'][1].weight @ normed
    torch.testing.assert_close(x[6, 1], want)


def test_loss_is_that_of_the_embeddings():
    aligner = make(loss={'type': 'InfoNCELoss', 'similarity': 'bilinear'})
    tokens = stack_streams(stream_samples(WIDTHS))
    got = aligner.loss(aligner(tokens))
    assert got.keys() == {'loss_contrastive'}
    assert aligner.loss_module.similarity.weight.shape == (8, 8)
    want = aligner.loss_module(*aligner.embed(tokens))
    torch.testing.assert_close(got['loss_contrastive'], want)


def test_bad_arguments():
    for settings, message in (
        ({'modalities': ('a',)}, r'modalities .*two'),
        ({'in_channels': {'a': 4}}, 'in_channels'),
        ({'embed_dims': 0}, 'embed_dims'),
        ({'pooling': 'sum'}, 'pooling'),
    ):
        base = {'modalities': tuple(WIDTHS), 'in_channels': WIDTHS}
        with pytest.raises(ValueError, match=message):
            ContrastiveAligner(**{**base, **settings})
    tokens = stack_streams(stream_samples(WIDTHS))
    with pytest.raises(ValueError, match=r"each of .*'b'"):
        make().loss({'a': tokens['a']})
