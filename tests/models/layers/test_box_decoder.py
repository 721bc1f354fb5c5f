"""The decoder of boxes."""

import pytest
import torch

from tests.models.layers.test_deformable_attention import picture
from trimodal.models.layers.box_decoder import (
    BoxDecoder,
    Queries,
    Surroundings,
)
from trimodal.models.layers.boxes import refined


def make(context: bool = False, layers: int = 2) -> BoxDecoder:
    return BoxDecoder(layers, 8, 3, 2, 16, 2, num_points=2, context=context)


def start(rows: int = 2, count: int = 4) -> Queries:
    return Queries(
        torch.randn(rows, count, 8),
        torch.rand(rows, count, 4) * 0.5 + 0.2,
        torch.ones(rows, count, dtype=torch.bool),
    )


def everybody(queries: Queries) -> torch.Tensor:
    return queries.mask[:, None, None].expand(-1, 1, queries.x.shape[1], -1)


def test_every_layer_answers():
    decoder, queries = make(), start()
    logits, boxes = decoder(
        queries, everybody(queries), Surroundings(*picture(2))
    )
    assert logits.shape == (2, 2, 4, 3)
    assert boxes.shape == (2, 2, 4, 4)


def test_boxes_are_refined_layer_by_layer():
    decoder, queries = make(), start()
    decoder.refine[2].weight.data.zero_()
    decoder.refine[2].bias.data.copy_(torch.tensor([0.1, 0.0, 0.2, 0.0]))
    _, boxes = decoder(queries, everybody(queries), Surroundings(*picture(2)))
    step = decoder.refine[2].bias.detach()
    want = refined(queries.boxes, step)
    torch.testing.assert_close(boxes[0], want)
    torch.testing.assert_close(boxes[1], refined(want, step))


def test_a_layer_alone_equals_the_first_of_several():
    torch.manual_seed(3)
    decoder, queries = make(), start()
    around = Surroundings(*picture(2))
    both = decoder(queries, everybody(queries), around)
    decoder.layers = decoder.layers[:1]
    first = decoder(queries, everybody(queries), around)
    for a, b in zip(first, both, strict=True):
        torch.testing.assert_close(a[0], b[0])


def test_the_context_matters_unless_it_is_masked():
    decoder, queries = make(context=True), start()
    cells, where = picture(2)
    answers = []
    for context in torch.randn(2, 2, 3, 8):
        mask = torch.tensor([[True] * 3, [False] * 3])
        around = Surroundings(cells, where, context, mask)
        answers.append(decoder(queries, everybody(queries), around)[0])
    a, b = answers
    assert not torch.allclose(a[:, 0], b[:, 0])
    torch.testing.assert_close(a[:, 1], b[:, 1])


def test_queries_one_after_the_other():
    first, second = start(count=2), start(count=3)
    both = first.before(second)
    assert torch.equal(both.x[:, :2], first.x)
    assert torch.equal(both.boxes[:, 2:], second.boxes)
    assert both.mask.shape == (2, 5)


def test_bad_arguments():
    with pytest.raises(ValueError, match='num_layers'):
        make(layers=0)
    with pytest.raises(ValueError, match='multiple of 8'):
        BoxDecoder(1, 12, 3, 2, 16, 2)
