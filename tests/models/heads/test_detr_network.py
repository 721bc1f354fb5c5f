"""The network of the detection head; more of it with the head."""

import torch

from tests.models.heads.test_detr_head import SIZES, TWO, fuse, make, picture
from trimodal.models.heads.box_samples import box_targets


def test_noisy_queries_come_first():
    stream = picture(*SIZES)
    network = make(
        denoising={'type': 'BoxDenoising', 'max_queries': 8}
    ).network
    targets = box_targets(TWO, stream.present, 3)
    answers = network(fuse(stream), stream, targets)
    # Two groups of two boxes, near and far.
    assert len(answers.noisy.groups) == 8
    assert answers.logits.shape == (2, 2, 18, 3)
    assert answers.queries.shape == (2, 10)
    alone = network(fuse(stream), stream)
    assert alone.noisy is None
    assert alone.logits.shape == (2, 2, 10, 3)


def test_queries_begin_at_the_boxes_of_the_best_cells():
    stream = picture(*SIZES)
    network = make(dense={'type': 'DenseBoxes'}).network
    step = network.decoder.refine[2]
    torch.nn.init.zeros_(step.weight)
    answers = network(fuse(stream), stream)
    index = network.dense.best(answers.dense, answers.where, 10)
    want = answers.dense.boxes.gather(1, index.unsqueeze(2).expand(-1, -1, 4))
    torch.testing.assert_close(answers.boxes[0], want)


def test_what_is_not_used_stays_in_the_graph():
    stream = picture(*SIZES)
    fused = fuse(stream)
    fused.pooled.requires_grad_()
    fused.tokens.requires_grad_()
    make(context=None).network(fused, stream).logits.sum().backward()
    assert not fused.pooled.grad.any()
    assert not fused.tokens.grad.any()
