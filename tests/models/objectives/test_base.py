"""A user's own objective joins the model's losses."""

import torch

from tests.models.small import make_data, make_model
from trimodal.models import BaseObjective


class Width(BaseObjective):
    """Asks for small streams."""

    def loss(self, streams, fused, data_samples):
        assert len(data_samples) == len(fused.pooled)
        return {
            'loss_size': sum(s.x.square().mean() for s in streams.values())
        }


def test_objective_is_a_loss_under_its_name():
    model = make_model(objectives={'width': Width()})
    batch = model.data_preprocessor(make_data(['sgi', 'g'], [0, 1]), True)
    losses = model(**batch, mode='loss')
    assert set(losses) == {'cls.loss_cls', 'width.loss_size'}
    streams = model.extract_feat(batch['inputs']).streams
    want = sum(s.x.square().mean() for s in streams.values())
    torch.testing.assert_close(losses['width.loss_size'], want)


def test_frozen_encoder_stays_as_it_is():
    model = make_model(frozen_encoders=('speech',)).train()
    assert not model.encoders['speech'].training
    assert model.encoders['image'].training
    batch = model.data_preprocessor(make_data(['sgi', 'g'], [0, 1]), True)
    loss, _ = model.parse_losses(model(**batch, mode='loss'))
    loss.backward()
    assert all(p.grad is None for p in model.encoders['speech'].parameters())
    assert any(
        p.grad is not None for p in model.encoders['image'].parameters()
    )


class Doubled(Width):
    """Has a say in what others lose."""

    def weigh(self, losses):
        return {k: 2 * v if k[:4] == 'cls.' else v for k, v in losses.items()}


def test_objective_weighs_the_losses_of_all():
    plain = make_model(objectives={'width': Width()})
    model = make_model(objectives={'width': Doubled()})
    batch = model.data_preprocessor(make_data(['sgi', 'g'], [0, 1]), True)
    want, got = plain(**batch, mode='loss'), model(**batch, mode='loss')
    torch.testing.assert_close(got['cls.loss_cls'], 2 * want['cls.loss_cls'])
    torch.testing.assert_close(got['width.loss_size'], want['width.loss_size'])
