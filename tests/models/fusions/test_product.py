"""What fusions by products of whole vectors share."""

import pytest
import torch

from trimodal.models.fusions.product import ProductFusion
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}


class Sum(ProductFusion):
    """The plainest polynomial that is linear in each vector."""

    def interact(self, vectors):
        self.vectors = vectors
        return vectors.sum(1)

    def without(self, vectors):
        return vectors.sum(1, keepdim=True) - vectors


def make(**changes) -> Sum:
    return Sum(tuple(WIDTHS), WIDTHS, 8, **{'hidden_channels': 8, **changes})


def test_vectors_are_the_reduced_means_or_learned():
    fusion = make().eval()
    streams = stack_streams(stream_samples(WIDTHS))
    fused = fusion(streams)
    for index, (name, stream) in enumerate(streams.items()):
        for row in range(7):
            want = fusion.absent[index]
            if stream.present[row]:
                real = stream.x[row][stream.mask[row]]
                projected = fusion.projections[name](real)
                want = fusion.reductions[name](projected.mean(0))
            torch.testing.assert_close(fusion.vectors[row, index], want)
    want = fusion.norm(fusion.vectors.sum(1))
    torch.testing.assert_close(fused.pooled, want)


def test_weights_are_shares_of_what_each_changes():
    fusion = make().eval()
    streams = stack_streams(stream_samples(WIDTHS))
    weights = fusion(streams).weights
    sizes = fusion.vectors.norm(dim=2)
    torch.testing.assert_close(weights[6], sizes[6] / sizes[6].sum())
    # Samples 0 and 2 have 'a' alone, and 'a' with 'b'.
    torch.testing.assert_close(weights[0], torch.tensor([1.0, 0.0, 0.0]))
    torch.testing.assert_close(
        weights[2, :2], sizes[2, :2] / sizes[2, :2].sum()
    )
    assert weights[2, 2] == 0


def test_nothing_is_learned_from_the_weights():
    assert not make()(
        stack_streams(stream_samples(WIDTHS))
    ).weights.requires_grad


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'hidden_channels': 0}, 'hidden_channels .* 0'),
        ({'dropout': -0.1}, 'dropout'),
        ({'pooling': 'sum'}, 'pooling'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)
