"""What fusions of one vector a modality share."""

import torch

from trimodal.models.fusions.pooled import Combined, PooledFusion
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5}


class Largest(PooledFusion):
    """The largest entry of each channel, with a loss."""

    def combine(self, pooled, present):
        self.seen = pooled, present
        weights = present / present.sum(1, keepdim=True).clamp(min=1)
        return Combined(pooled.amax(1), weights, {'loss_size': pooled.sum()})


def test_fuse_projects_pools_and_hands_over():
    fusion = Largest(tuple(WIDTHS), WIDTHS, 6, pooling='max')
    streams = stack_streams(stream_samples(WIDTHS))
    fused = fusion(streams)
    pooled, present = fusion.seen
    projected = fusion.projections(streams)
    for index, (name, stream) in enumerate(projected.items()):
        assert torch.equal(present[:, index], streams[name].present)
        hidden = stream.x.masked_fill(~stream.mask.unsqueeze(2), -torch.inf)
        want = hidden.amax(1).masked_fill(~stream.present.unsqueeze(1), 0)
        torch.testing.assert_close(pooled[:, index], want)
    assert torch.equal(fused.pooled, pooled.amax(1))
    assert fused.tokens.shape[1] == sum(s.x.shape[1] for s in streams.values())
    assert set(fused.losses) == {'loss_size'}


def test_losses_are_none_by_default():
    assert dict(Combined(torch.ones(1, 2), torch.ones(1, 1)).losses) == {}
