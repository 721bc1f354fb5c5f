"""The detection head; what it shares with all heads is in the contracts."""

from collections.abc import Sequence

import pytest
import torch
from mmengine.structures import InstanceData
from torchvision.ops import box_iou

from trimodal.models import DETRHead
from trimodal.structures import Fused, Tokens, TriModalDataSample

WIDTH = 16
SIDE = 8
DENSE = {'type': 'DenseBoxes', 'box_scale': 2.0}


def picture(*sizes: tuple[int, int], side: int = SIDE) -> Tokens:
    """Grids of ``side`` x ``side`` cells with a real part in each."""
    mask = torch.zeros(len(sizes), side, side, dtype=torch.bool)
    for row, (height, width) in enumerate(sizes):
        mask[row, :height, :width] = True
    mask = mask.flatten(1)
    x = torch.randn(*mask.shape, WIDTH) * mask.unsqueeze(2)
    return Tokens(x, mask, mask.any(1), ((side, side),))


def fuse(stream: Tokens) -> Fused:
    rows = len(stream.x)
    return Fused(
        torch.randn(rows, 3, WIDTH),
        torch.ones(rows, 3, dtype=torch.bool),
        torch.randn(rows, WIDTH),
        torch.ones(rows, 1),
        streams={'p': stream},
    )


def sample(boxes: Sequence, labels: Sequence, shape: tuple[int, int]):
    made = TriModalDataSample(
        metainfo={'img_shape': shape, 'ori_shape': (200, 100)}
    )
    return made.set_gt_instances(
        InstanceData(
            bboxes=torch.tensor(boxes).reshape(-1, 4),
            labels=torch.tensor(labels, dtype=torch.int64),
        )
    )


def make(**changes) -> DETRHead:
    settings = {'num_queries': 10, 'num_layers': 2, 'num_heads': 2}
    return DETRHead(3, WIDTH, 'p', **{**settings, **changes})


TWO = [
    sample(
        [[8.0, 8.0, 24.0, 40.0], [32.0, 32.0, 60.0, 56.0]], (0, 2), (64, 64)
    ),
    sample([[4.0, 20.0, 28.0, 44.0]], (1,), (48, 32)),
]
SIZES = ((8, 8), (6, 4))


def test_answers_of_all_layers():
    got = make()(fuse(picture(*SIZES)))
    assert got['logits'].shape == (2, 2, 10, 3)
    assert got['boxes'].shape == (2, 2, 10, 4)
    assert got['queries'].all()


def test_names_of_losses():
    terms = {'loss_class', 'loss_l1', 'loss_giou'}
    fused = fuse(picture(*SIZES))
    assert set(make(num_layers=1).loss(fused, TWO)) == terms
    head = make(dense=DENSE, denoising={'type': 'BoxDenoising'})
    assert set(head.loss(fused, TWO)) == {
        *terms,
        *(f'aux_{name}' for name in terms),
        *(f'denoising_{name}' for name in terms),
        'dense_loss_class',
        'dense_loss_giou',
    }


def test_queries_are_the_best_cells():
    head = make(dense=DENSE, num_queries=5)
    stream = picture((8, 8), (2, 2))
    got = head(fuse(stream))
    # The second picture has four cells only.
    assert got['queries'].sum(1).tolist() == [5, 4]


def test_the_context_can_be_switched_off():
    stream = picture(*SIZES)
    one, other = fuse(stream), fuse(stream)
    for context, same in ((None, True), ('pooled', False), ('tokens', False)):
        head = make(context=context)
        a, b = head(one)['logits'], head(other)['logits']
        assert torch.allclose(a, b, atol=1e-6) == same


def test_tokens_are_looked_at_beside_the_pooled():
    one = fuse(picture(*SIZES))
    other = Fused(
        one.tokens + 1, one.mask, one.pooled, one.weights, streams=one.streams
    )
    for context, same in (('pooled', True), ('tokens', False)):
        head = make(context=context)
        a, b = head(one)['logits'], head(other)['logits']
        assert torch.allclose(a, b, atol=1e-6) == same


def test_noise_does_not_reach_the_queries_that_are_matched():
    torch.manual_seed(1)
    head = make(denoising={'type': 'BoxDenoising'})
    fused = fuse(picture(*SIZES))
    with_noise = head.loss(fused, TWO)
    head.network.denoising = None
    without = head.loss(fused, TWO)
    for name, value in without.items():
        torch.testing.assert_close(with_noise[name], value)


def test_denoising_without_boxes():
    head = make(denoising={'type': 'BoxDenoising'})
    losses = head.loss(fuse(picture((8, 8))), [sample([], (), (64, 64))])
    assert losses['denoising_loss_class'].item() == 0
    assert losses['loss_class'] > 0
    sum(losses.values()).backward()
    assert all(p.grad is not None for p in head.parameters())


@pytest.mark.parametrize('dense', [None, DENSE])
def test_learns_two_pictures_of_two_sizes(dense):
    torch.manual_seed(0)
    stream = picture(*SIZES)
    fused = fuse(stream)
    head = make(dense=dense, context=None, denoising={'type': 'BoxDenoising'})
    optimizer = torch.optim.AdamW(head.parameters(), lr=5e-3)
    for _ in range(120):
        optimizer.zero_grad()
        sum(head.loss(fused, TWO).values()).backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
    for given, got in zip(TWO, head.eval().predict(fused, TWO), strict=True):
        found, true = got.pred_instances, given.gt_instances
        count = len(true.labels)
        height, width = given.img_shape
        scale = torch.tensor([100 / width, 200 / height]).tile(2)
        iou = box_iou(true.bboxes * scale, found.bboxes[:count])
        best, which = iou.max(1)
        assert best.min() > 0.9
        assert torch.equal(found.labels[:count][which], true.labels)
        assert found.scores[:count].min() > 0.6
        assert found.scores[count:].max() < 0.5


def test_another_stream():
    fused = fuse(picture(*SIZES))
    with pytest.raises(ValueError, match=r"one of \['p'\].* got 'q'"):
        DETRHead(3, WIDTH, 'q')(fused)
    with pytest.raises(ValueError, match='num_levels=2 grids'):
        make(num_levels=2)(fused)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'num_queries': 0}, 'num_queries'),
        ({'max_per_img': 0}, 'max_per_img'),
        ({'context': 'all'}, 'context'),
        ({'dropout': 1.5}, 'dropout'),
        ({'nms_iou': 1.5}, 'nms_iou'),
        ({'score_threshold': -1.0}, 'score_threshold'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings)
