"""Tensor fusion, against numbers worked out by hand from the paper."""

import pytest
import torch

from trimodal.models import TensorFusion
from trimodal.models.fusions.tensor import fusion_tensor
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}


def make(modalities=tuple(WIDTHS), **changes) -> TensorFusion:
    widths = {name: WIDTHS[name] for name in modalities}
    return TensorFusion(
        modalities, widths, 8, **{'hidden_channels': 3, **changes}
    ).eval()


def test_tensor_by_hand():
    """[2; 1] x [3; 1] x [5; 1]: all products of some of 2, 3 and 5."""
    tensor = fusion_tensor(torch.tensor([[[2.0], [3.0], [5.0]]]))
    want = [[[2.0 * 3 * 5, 2 * 3], [2 * 5, 2]], [[3 * 5, 3], [5, 1]]]
    assert tensor.tolist() == [want]


def test_tensor_of_two_modalities_by_hand():
    """[1, 2; 1] x [3, 4; 1]."""
    tensor = fusion_tensor(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    assert tensor.tolist() == [[[3, 4, 1], [6, 8, 2], [3, 4, 1]]]


def test_tensor_by_einsum():
    vectors = torch.randn(5, 3, 4)
    z = torch.cat([vectors, torch.ones(5, 3, 1)], dim=2).unbind(1)
    want = torch.einsum('bi,bj,bk->bijk', *z)
    torch.testing.assert_close(fusion_tensor(vectors), want)


def test_subtensors_are_the_terms_of_subsets():
    """The paper's seven parts of Z, and the 1."""
    vectors = torch.randn(2, 3, 4)
    a, b, c = vectors.unbind(1)
    z = fusion_tensor(vectors)
    torch.testing.assert_close(z[:, :4, 4, 4], a)
    torch.testing.assert_close(z[:, 4, :4, 4], b)
    torch.testing.assert_close(z[:, 4, 4, :4], c)
    pair = torch.einsum('bi,bk->bik', a, c)
    torch.testing.assert_close(z[:, :4, 4, :4], pair)
    triple = torch.einsum('bi,bj,bk->bijk', a, b, c)
    torch.testing.assert_close(z[:, :4, :4, :4], triple)
    assert z[:, 4, 4, 4].tolist() == [1, 1]


def test_result_by_hand():
    """h = (2, 3, 5), every row of W is 1, 2, ..., 8, b is 0, 1, ..., 7."""
    fusion = make(hidden_channels=1)
    weight = torch.arange(1.0, 9.0)
    fusion.output.weight.data.copy_(weight.expand(8, 8))
    fusion.output.bias.data.copy_(torch.arange(8.0))
    vectors = torch.tensor([[[2.0], [3.0], [5.0]]])
    # 1*30 + 2*6 + 3*10 + 4*2 + 5*15 + 6*3 + 7*5 + 8*1 = 216
    whole = fusion.interact(vectors)
    assert whole.tolist() == [[216.0 + i for i in range(8)]]
    # Without 2: 5*15 + 6*3 + 7*5 + 8*1 = 136; without 3: 3*10 + 4*2 + 7*5 +
    # 8*1 = 81; without 5: 2*6 + 4*2 + 6*3 + 8*1 = 46.
    parts = fusion.without(vectors)
    assert (parts - torch.arange(8.0))[0, :, 0].tolist() == [136, 81, 46]


def test_without_is_a_zero_vector():
    fusion, vectors = make(), torch.randn(4, 3, 3)
    for index in range(3):
        zeroed = vectors.clone()
        zeroed[:, index] = 0
        torch.testing.assert_close(
            fusion.without(vectors)[:, index], fusion.interact(zeroed)
        )


def test_pooled_is_the_normalised_result():
    fusion = make()
    streams = stack_streams(stream_samples(WIDTHS))
    pooled = fusion.poolings(fusion.projections(streams))
    vectors = torch.stack(
        [fusion.reductions[n](pooled[:, i]) for i, n in enumerate(WIDTHS)], 1
    )
    want = fusion.norm(fusion.interact(vectors[6:]))
    torch.testing.assert_close(fusion(streams).pooled[6:], want)


def test_absent_is_neither_the_unit_nor_zeros():
    """Its learned vector takes part in products with the others."""
    fusion = make(('a', 'b'))
    torch.nn.init.normal_(fusion.absent)
    streams = stack_streams(stream_samples(WIDTHS))
    before = fusion(streams)
    fusion.absent.data[1] = 0
    after = fusion(streams)
    changed = (before.pooled - after.pooled).abs().amax(1) > 1e-3
    assert torch.equal(changed, ~streams['b'].present)


def test_size_of_the_weight():
    assert make().output.in_features == 4**3
    assert make(('a', 'c')).output.in_features == 4**2
    assert make(('a',)).output.in_features == 4


def test_bad_arguments():
    with pytest.raises(ValueError, match='hidden_channels'):
        make(hidden_channels=-1)
