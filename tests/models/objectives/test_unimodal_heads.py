"""A head for each modality."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.models.small import HEADS, WIDTH, make_data, make_model
from trimodal.models import UnimodalHeads
from trimodal.registry import MODELS
from trimodal.structures import Fused, Tokens
from trimodal.testing import label_samples

HEAD = {'type': 'ClsHead', 'num_classes': 3}


def streams() -> dict[str, Tokens]:
    """Four samples; the second lacks 'a', the third has two steps of 'b'."""
    torch.manual_seed(0)
    a = torch.tensor([[1, 1], [0, 0], [1, 0], [1, 1]]).bool()
    b = torch.tensor([[1, 0], [1, 0], [1, 1], [1, 0]]).bool()
    return {
        name: Tokens(torch.empty(0), mask, mask.any(1)).with_x(
            torch.randn(4, 2, width)
        )
        for name, mask, width in (('a', a, 6), ('b', b, 4))
    }


def fused() -> Fused:
    return Fused(*(torch.zeros(4, 1) for _ in range(4)))


def build(**changes) -> UnimodalHeads:
    settings = {'modalities': ('a', 'b'), 'in_channels': {'a': 6, 'b': 4}}
    torch.manual_seed(1)
    return UnimodalHeads(**{**settings, 'head': HEAD, **changes})


def by_hand(heads: UnimodalHeads, name: str) -> tuple[float, float]:
    """Loss and score of one modality; the fourth sample has no label."""
    stream = streams()[name]
    rows = [row for row in range(3) if stream.present[row]]
    means = [stream.x[row][stream.mask[row]].mean(0) for row in rows]
    linear = heads.heads[name].layers[-1]
    log_prob = F.log_softmax(linear(torch.stack(means)), dim=1)
    true = log_prob[range(len(rows)), rows]
    return -true.mean().item(), true.exp().mean().item()


def test_losses_and_scores_by_hand():
    heads = build(loss_weight={'a': 1.0, 'b': 0.5})
    got = heads.loss(streams(), fused(), label_samples(4))
    for name, weight in (('a', 1.0), ('b', 0.5)):
        loss, score = by_hand(heads, name)
        assert got[f'loss_cls_{name}'].item() == pytest.approx(weight * loss)
        assert got[f'score_{name}'].item() == pytest.approx(score)
    assert set(got) == {'loss_cls_a', 'loss_cls_b', 'score_a', 'score_b'}


def test_nobody_has_it():
    gone = {
        name: replace(
            s.with_x(s.x * 0),
            mask=torch.zeros_like(s.mask),
            present=torch.zeros_like(s.present),
        )
        for name, s in streams().items()
    }
    heads = build()
    got = heads.loss(gone, fused(), label_samples(4))
    assert all(value == 0 for value in got.values())
    sum(v for k, v in got.items() if 'loss' in k).backward()
    assert all(p.grad is not None for p in heads.parameters())


@pytest.mark.parametrize('detach', [True, False])
def test_detached_heads_only_watch(detach):
    given = streams()
    for name, stream in given.items():
        given[name] = replace(stream, x=stream.x.requires_grad_())
    heads = build(detach=detach, pooling='attention')
    heads.loss(given, fused(), label_samples(4))['loss_cls_a'].backward()
    assert (given['a'].x.grad is None) is detach
    assert heads.heads['a'].layers[-1].weight.grad.any()


def test_a_head_of_another_kind_has_no_score():
    @MODELS.register_module(force=True)
    class MeanHead(nn.Module):
        def __init__(self, in_channels: int) -> None:
            super().__init__()
            self.linear = nn.Linear(in_channels, 1)

        def loss(self, fused, data_samples):
            return {'loss_mean': self.linear(fused.pooled).mean()}

    got = build(head={'type': 'MeanHead'}).loss(
        streams(), fused(), label_samples(4)
    )
    assert set(got) == {'loss_mean_a', 'loss_mean_b'}


def test_in_the_model():
    names = ('speech', 'image')
    head = {'type': 'ClsHead', 'num_classes': 5}
    config = {
        'type': 'UnimodalHeads',
        'modalities': names,
        'in_channels': WIDTH,
        'head': head,
    }
    model = make_model(objectives={'unimodal': config}, heads=HEADS)
    batch = model.data_preprocessor(make_data(['sgi', 'g'], [0, 1]), True)
    losses = model(**batch, mode='loss')
    total, _ = model.parse_losses(losses)
    want = losses['cls.loss_cls'] + sum(
        losses[f'unimodal.loss_cls_{name}'] for name in names
    )
    torch.testing.assert_close(total, want)
    assert 0 < losses['unimodal.score_image'] < 1


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'modalities': ()}, 'modalities must be names, each once'),
        ({'in_channels': {'a': 6}}, 'in_channels must be a number or name'),
        ({'loss_weight': {'a': 1.0}}, r"loss_weight .*\['a', 'b'\]"),
        ({'loss_weight': 0.0}, 'loss_weight must be larger than 0'),
        ({'pooling': 'sum'}, "pooling .*'sum'"),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        build(**changes)


def test_unknown_modality():
    heads = build(modalities=('a', 'z'), in_channels=6)
    with pytest.raises(ValueError, match=r"some of \['a', 'b'\].*\['z'\]"):
        heads.loss(streams(), fused(), label_samples(4))


def test_a_name_with_loss_in_it_is_refused():
    """Its scores would be optimised."""
    with pytest.raises(ValueError, match=r"no 'loss' in it, got .'aux_loss'"):
        make_model(objectives={'aux_loss': build()})


def test_two_parts_of_one_name_are_refused():
    """The losses of one would take the place of the other's."""
    for name in ('cls', 'fusion'):
        with pytest.raises(ValueError, match=rf"names of .*\['{name}'\]"):
            make_model(objectives={name: build()})
