"""The model as a whole."""

import copy
from itertools import chain, combinations

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper

from tests.models.small import (
    CONCAT,
    CROSS,
    ENCODERS,
    HEADS,
    SETTINGS,
    WIDTH,
    make_data,
    make_model,
)
from trimodal.models import BaseAligner, TriModalFusionModel
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens

NAMES = tuple(ENCODERS)
SUBSETS = list(
    chain.from_iterable(combinations(NAMES, count) for count in range(4))
)
DATA = make_data(['sgi', 'g', 'si', ''], [0, 4, None, 2])


def ready(model: TriModalFusionModel, training: bool = False) -> dict:
    return model.data_preprocessor(DATA, training)


@pytest.mark.parametrize('fusion', [CONCAT, CROSS], ids=lambda f: f['type'])
def test_modes(fusion):
    model = make_model(fusion=fusion).eval()
    data = ready(model)
    raw = model(**data)
    assert list(raw) == ['cls']
    assert raw['cls'].shape == (4, 5)
    losses = model(**data, mode='loss')
    assert list(losses) == ['cls.loss_cls']
    want = torch.nn.functional.cross_entropy(
        raw['cls'][[0, 1, 3]], torch.tensor([0, 4, 2])
    )
    torch.testing.assert_close(losses['cls.loss_cls'], want)
    predictions = model(**data, mode='predict')
    scores = raw['cls'].softmax(1)
    for row, sample in enumerate(predictions):
        torch.testing.assert_close(sample.pred_score, scores[row].detach())
        assert sample.sample_id == f's{row}'
        assert 'pred_score' not in DATA['data_samples'][row]
    weights = torch.stack([s.modality_weights for s in predictions])
    present = torch.tensor([[1, 1, 1], [0, 1, 0], [1, 0, 1], [0, 0, 0]])
    assert torch.equal(weights > 0, present.bool())
    torch.testing.assert_close(weights.sum(1), torch.tensor([1.0, 1, 1, 0]))


def test_predict_without_data_samples():
    model = make_model().eval()
    predictions = model(ready(model)['inputs'], mode='predict')
    assert len(predictions) == 4
    assert predictions[0].pred_score.shape == (5,)


@pytest.mark.parametrize('fusion', [CONCAT, CROSS], ids=lambda f: f['type'])
@pytest.mark.parametrize('subset', SUBSETS, ids='+'.join)
def test_subsets_equal_absent_modalities(subset, fusion):
    model = make_model(fusion=fusion).eval()
    data = ready(model)
    inputs = {
        name: x if name in subset else x.keep(torch.zeros(4).bool())
        for name, x in data['inputs'].items()
    }
    want = model(inputs)['cls']
    model.enabled_modalities = subset
    assert model.enabled_modalities == subset
    got = model(data['inputs'])['cls']
    assert got.isfinite().all()
    torch.testing.assert_close(got, want)
    model.enabled_modalities = None
    assert model.enabled_modalities == NAMES


def test_a_sample_is_the_same_alone():
    model = make_model().eval()
    together = model(**ready(model))['cls']
    for row in range(4):
        data = {
            'inputs': {
                name: values[row : row + 1]
                for name, values in DATA['inputs'].items()
            }
        }
        alone = model(**model.data_preprocessor(data))['cls']
        torch.testing.assert_close(
            alone[0], together[row], atol=1e-5, rtol=1e-5
        )


@pytest.mark.parametrize('fusion', [CONCAT, CROSS], ids=lambda f: f['type'])
def test_every_parameter_is_in_the_graph_even_if_nothing_is_there(fusion):
    model = make_model(
        fusion=fusion,
        enabled_modalities=['speech'],
        modality_dropout={'type': 'ModalityDropout', 'prob': 0.5},
    )
    data = model.data_preprocessor(make_data(['', 'i'], [None, None]), True)
    loss, _ = model.parse_losses(model(**data, mode='loss'))
    loss.backward()
    assert loss.item() == 0
    lost = [n for n, p in model.named_parameters() if p.grad is None]
    assert not lost


def test_modality_dropout_only_in_training():
    model = make_model(
        modality_dropout={'type': 'ModalityDropout', 'prob': {'image': 1.0}}
    )
    data = ready(model)
    dropped = model.extract_feat(data['inputs']).fused.weights
    assert not dropped[:3, 2].any()
    assert (dropped[0, :2] > 0).all()
    model.eval()
    assert (model.extract_feat(data['inputs']).fused.weights[0] > 0).all()


def test_a_few_steps_learn_the_batch():
    model = make_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    wrapper = OptimWrapper(optimizer)
    data = make_data(['sgi', 'g', 'si', 'i', 's'], [0, 4, 1, 2, 3])
    first = model.train_step(data, wrapper)['loss']
    for _ in range(30):
        last = model.train_step(data, wrapper)['loss']
    assert last < 0.1 * first
    predictions = model.eval().val_step(data)
    assert [s.pred_label.item() for s in predictions] == [0, 4, 1, 2, 3]


class Shift(BaseAligner):
    """Adds a number; its loss is the mean of what came out."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, tokens):
        return {n: s.with_x(s.x + self.value) for n, s in tokens.items()}

    def loss(self, tokens):
        means = [s.x[s.mask].mean() for s in tokens.values()]
        return {'loss_mean': torch.stack(means).mean()}


def test_aligners_follow_each_other_and_have_losses():
    model = make_model(aligners=[Shift(1.0), Shift(10.0)]).eval()
    losses = model(**ready(model), mode='loss')
    assert list(losses) == [
        'align0.loss_mean',
        'align1.loss_mean',
        'cls.loss_cls',
    ]
    difference = losses['align1.loss_mean'] - losses['align0.loss_mean']
    assert difference.item() == pytest.approx(10, abs=1e-4)


def test_a_projection_brings_widths_together():
    speech = {**ENCODERS['speech'], 'embed_dims': 8}
    model = make_model(
        encoders={**ENCODERS, 'speech': speech},
        aligners=[
            {
                'type': 'ProjectionAligner',
                'in_channels': {'speech': 8, 'gesture': 16, 'image': 16},
                'out_channels': WIDTH,
            }
        ],
    )
    assert model(**ready(model))['cls'].shape == (4, 5)


def test_heads_see_the_streams_that_were_fused():
    model = make_model(aligners=[Shift(1.0)]).eval()
    features = model.extract_feat(ready(model)['inputs'])
    assert tuple(features.fused.streams) == NAMES
    for name, stream in features.streams.items():
        assert features.fused.streams[name] is stream


def test_two_heads():
    more = {**HEADS, 'other': {**HEADS['cls'], 'num_classes': 7}}
    model = make_model(heads=more).eval()
    data = ready(model)
    assert {k: v.shape[1] for k, v in model(**data).items()} == {
        'cls': 5,
        'other': 7,
    }
    losses = model(**data, mode='loss')
    assert set(losses) == {'cls.loss_cls', 'other.loss_cls'}


def test_a_fourth_modality_needs_no_edit():
    class Imu(torch.nn.Module):
        out_channels = WIDTH

        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(6, WIDTH)

        def forward(self, x):
            tokens = Tokens(x.data, x.mask, x.present)
            return tokens.with_x(self.linear(x.data))

    model = make_model(
        encoders={**ENCODERS, 'imu': Imu()},
        fusion={**CROSS, 'modalities': (*NAMES, 'imu')},
    )
    imu = ModalityInput(torch.randn(4, 3, 6), torch.ones(4, 3).bool())
    inputs = {**ready(model)['inputs'], 'imu': imu}
    assert model.extract_feat(inputs).fused.weights.shape == (4, 4)


def test_weights_are_saved_and_loaded():
    model = make_model().eval()
    torch.manual_seed(7)
    other = make_model()
    for parameter in other.parameters():
        parameter.data.normal_()
    other.load_state_dict(model.state_dict())
    data = ready(model)
    assert torch.equal(model(**data)['cls'], other.eval()(**data)['cls'])


def test_from_a_config_as_a_runner_builds_it():
    config = Config({'model': {**SETTINGS, 'type': 'TriModalFusionModel'}})
    model = MODELS.build(config.model).eval()
    model.init_weights()
    assert model(**ready(model))['cls'].shape == (4, 5)


def test_a_copy_is_independent():
    model = make_model().eval()
    copied = copy.deepcopy(model)
    data = ready(model)
    want = model(**data)['cls']
    for parameter in model.parameters():
        parameter.data.zero_()
    assert torch.equal(copied(**data)['cls'], want)


def test_the_order_of_the_config_changes_nothing():
    """mmengine sorts the keys of a config that it saves with a run."""
    model = make_model()
    shuffled = make_model(encoders={k: ENCODERS[k] for k in NAMES[::-1]})
    assert shuffled.modalities == model.modalities == NAMES
    assert shuffled.enabled_modalities == NAMES
    names = [name for name, _ in model.named_parameters()]
    assert [name for name, _ in shuffled.named_parameters()] == names


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'encoders': {}}, 'encoders'),
        ({'heads': {}}, 'heads'),
        ({'enabled_modalities': ['smell']}, "enabled_modalities .*'smell'"),
        (
            {'fusion': {**CROSS, 'in_channels': 12}},
            r"fusion must take .*'speech': 16.*'speech': 12",
        ),
        (
            {'fusion': {**CROSS, 'modalities': ('speech', 'image')}},
            'fusion must take .*gesture',
        ),
        (
            {'heads': {'cls': {**HEADS['cls'], 'in_channels': 3}}},
            "head 'cls' must take 16 .*=3",
        ),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make_model(**changes)


def test_parts_are_initialised_as_they_ask(tmp_path):
    """Encoders of another model's checkpoint, and a constant in a head."""
    other = make_model()
    with torch.no_grad():
        for weight in other.parameters():
            weight += 1
    path = tmp_path / 'other.pth'
    torch.save({'state_dict': other.state_dict()}, path)
    asked = {
        'type': 'Pretrained',
        'checkpoint': str(path),
        'prefix': 'encoders.image',
    }
    constant = {'type': 'Constant', 'layer': 'Linear', 'val': 0.5}
    model = make_model(
        encoders={
            **ENCODERS,
            'image': {**ENCODERS['image'], 'init_cfg': asked},
        },
        heads={'cls': {**HEADS['cls'], 'init_cfg': constant}},
    )
    model.init_weights()
    same = {
        name: all(
            torch.equal(value, other.encoders[name].state_dict()[key])
            for key, value in encoder.state_dict().items()
        )
        for name, encoder in model.encoders.items()
    }
    assert same == {'speech': False, 'gesture': False, 'image': True}
    assert (model.heads['cls'].layers[-1].weight == 0.5).all()


def test_bad_calls():
    model = make_model()
    inputs = ready(model)['inputs']
    with pytest.raises(ValueError, match=r"mode .*'train'"):
        model(inputs, mode='train')
    with pytest.raises(ValueError, match='data_samples'):
        model(inputs, mode='loss')
    with pytest.raises(ValueError, match=r"got \['speech'\]"):
        model({'speech': inputs['speech']})
