"""The losses of the detection head, put together by hand."""

import pytest
import torch

from tests.models.heads.test_box_samples import sample
from tests.models.heads.test_detr_head import SIZES, TWO, fuse, make, picture
from trimodal.models.heads.box_samples import box_targets
from trimodal.models.heads.detr_losses import detection_losses
from trimodal.models.losses import counting, query_classes


def test_by_hand():
    stream = picture(*SIZES)
    head = make(
        num_layers=3,
        dense={'type': 'DenseBoxes'},
        denoising={'type': 'BoxDenoising', 'max_queries': 8},
    )
    targets = box_targets(TWO, stream.present, 3)
    answers = head.network(fuse(stream), stream, targets)
    got = detection_losses(answers, targets, head.network, head.loss_module)
    logits, boxes = answers.logits, answers.boxes
    # Three boxes; of the noisy queries two for each.
    matched = head.loss_module(
        logits[:, :, 8:],
        boxes[:, :, 8:],
        targets,
        answers.queries,
        torch.tensor(3.0),
    )
    noisy = head.loss_module(
        logits[:, :, :8],
        boxes[:, :, :8],
        targets,
        answers.noisy.queries.mask,
        torch.tensor(6.0),
        answers.noisy.matches(3),
    )
    dense = head.network.dense.loss_module(
        answers.dense.logits, answers.dense.boxes, answers.where, targets
    )
    want = {
        **{name: term[2] for name, term in matched.items()},
        **{f'aux_{name}': t[0] + t[1] for name, t in matched.items()},
        **{f'denoising_{name}': t.sum() for name, t in noisy.items()},
        **{f'dense_{name}': term for name, term in dense.items()},
    }
    assert got.keys() == want.keys()
    for name, value in want.items():
        torch.testing.assert_close(got[name], value, msg=name)


@pytest.mark.parametrize('classification', ['softmax', 'focal', 'varifocal'])
def test_processes_meet_as_often_without_boxes(classification, monkeypatch):
    """One that has none must not leave the others waiting."""
    met = []
    for module in (counting, query_classes):
        monkeypatch.setattr(
            module, 'all_reduce', lambda *a, **k: met.append(a)
        )
    head = make(
        loss={'type': 'SetLoss', 'classification': classification},
        dense={'type': 'DenseBoxes'},
        denoising={'type': 'BoxDenoising'},
    )
    stream, times = fuse(picture(*SIZES)), []
    for given in (TWO, [sample([]), sample([])]):
        head.loss(stream, given)
        times.append(len(met))
        met.clear()
    assert times[0] == times[1] > 0
