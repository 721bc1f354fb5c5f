import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from PIL import Image

from tests.apis.conftest import CLASSES, PREPARATION
from trimodal.apis import TriModalInferencer, init_model
from trimodal.datasets.preparation import hand_model
from trimodal.registry import INFERENCERS
from trimodal.structures import TriModalDataSample


@pytest.fixture(scope='module')
def checkpoint(config_file, tmp_path_factory) -> Path:
    """Trained, so that predictions mean something."""
    folder = tmp_path_factory.mktemp('run')
    config = Config.fromfile(config_file)
    config.work_dir = str(folder)
    Runner.from_cfg(config).train()
    (path,) = folder.glob('best_*.pth')
    return path


@pytest.fixture
def inferencer(checkpoint) -> TriModalInferencer:
    return TriModalInferencer(
        weights=checkpoint, device='cpu', show_progress=False
    )


def files(media: Path, index: int) -> dict[str, str]:
    stem = str(media / 'val' / f'val_{index}')
    return {
        'speech': f'{stem}.wav',
        'gesture': f'{stem}.npy',
        'image': f'{stem}.png',
    }


def test_right_on_unseen_files(inferencer, media):
    inputs = [files(media, i) for i in range(6)]
    result = inferencer(inputs, batch_size=4)
    predictions = result['predictions']
    assert [p['pred_class'] for p in predictions] == list(CLASSES) * 2
    assert [p['sample_id'] for p in predictions] == [
        f'val_{i}' for i in range(6)
    ]
    assert result['visualization'] == []
    for p in predictions:
        assert sum(p['pred_scores']) == pytest.approx(1, abs=1e-5)
        assert p['pred_score'] == max(p['pred_scores'])
        assert list(p['modality_weights']) == ['image', 'speech', 'gesture']
        assert sum(p['modality_weights'].values()) == pytest.approx(1)


def test_batch_size_changes_nothing(inferencer, media):
    inputs = [files(media, 0), {'image': files(media, 1)['image']}]
    one = inferencer(inputs, batch_size=1)['predictions']
    two = inferencer(inputs, batch_size=2)['predictions']
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(
            a['pred_scores'], b['pred_scores'], atol=1e-5
        )


@pytest.mark.parametrize('kept', ['speech', 'gesture', 'image'])
def test_any_modality_may_be_missing(inferencer, media, kept):
    given = {kept: files(media, 2)[kept]}
    (prediction,) = inferencer(given)['predictions']
    assert prediction['present'] == [kept]
    weights = prediction['modality_weights']
    assert weights.pop(kept) == pytest.approx(1)
    assert set(weights.values()) == {0}


def test_arrays_equal_files(inferencer, media):
    paths = files(media, 2)
    wave, rate = soundfile.read(paths['speech'], dtype='int16')
    arrays = {
        'speech': (wave, rate),
        'gesture': np.load(paths['gesture']),
        'image': np.asarray(Image.open(paths['image'])),
    }
    (expected,) = inferencer(paths)['predictions']
    (prediction,) = inferencer({**arrays, 'id': 'val_2'})['predictions']
    assert prediction == expected


def test_print_and_write(inferencer, media, tmp_path, capsys):
    out = tmp_path / 'out' / 'predictions.json'
    result = inferencer(files(media, 2), print_result=True, pred_out_file=out)
    assert json.loads(out.read_text()) == result['predictions']
    line = capsys.readouterr().out.splitlines()[2]
    assert line.startswith('| val_2  | high ')
    assert 'image+speech+gesture' in line


def test_pictures(inferencer, media, tmp_path, monkeypatch):
    result = inferencer(
        [files(media, 0), {'speech': files(media, 1)['speech']}],
        batch_size=2,
        img_out_dir=tmp_path / 'pictures',
    )
    drawn = result['visualization']
    assert len(drawn) == 2
    for picture, name in zip(drawn, ('val_0', 'val_1'), strict=True):
        written = Image.open(tmp_path / 'pictures' / f'{name}.png')
        np.testing.assert_array_equal(np.asarray(written), picture)
    shown = []
    monkeypatch.setattr(
        inferencer.visualizer, 'show', lambda *a, **k: shown.append(k)
    )
    again = inferencer(files(media, 0), show=True, wait_time=1)
    assert shown == [{'win_name': 'val_0', 'wait_time': 1}]
    np.testing.assert_array_equal(again['visualization'][0], drawn[0])
    assert inferencer(files(media, 0), return_vis=True)['visualization']


def test_boxes_are_drawn_over_the_picture_that_was_given(
    inferencer, media, monkeypatch
):
    """20 x 20 pixels; the model sees 16 x 16."""
    predict = inferencer.model.test_step
    boxes = InstanceData(
        bboxes=torch.tensor([[5.0, 5, 15, 20]]),
        labels=torch.tensor([1]),
        scores=torch.tensor([0.5]),
    )
    monkeypatch.setattr(
        inferencer.model,
        'test_step',
        lambda batch: [s.set_pred_instances(boxes) for s in predict(batch)],
    )
    drawn = []
    monkeypatch.setattr(
        inferencer.visualizer,
        'add_datasample',
        lambda name, inputs, *rest: drawn.append(inputs),
    )
    given = files(media, 0)
    result = inferencer(
        [given, {'speech': given['speech']}], batch_size=2, return_vis=True
    )
    first, second = drawn
    expected = np.asarray(Image.open(given['image']))
    np.testing.assert_array_equal(first['image'], expected)
    assert second['image'] is None
    prediction, _ = result['predictions']
    assert prediction['pred_instances'] == {
        'bboxes': [[5.0, 5.0, 15.0, 20.0]],
        'labels': [1],
        'scores': [0.5],
        'classes': ['middle'],
    }


def test_visualizer_knows_rates_and_classes(inferencer):
    assert inferencer.visualizer.rates == {'speech': 16000, 'gesture': 10}
    assert inferencer.visualizer.dataset_meta['classes'] == CLASSES


def test_data_samples(inferencer, media):
    result = inferencer(files(media, 2), return_datasamples=True)
    (sample,) = result['predictions']
    assert isinstance(sample, TriModalDataSample)
    assert sample.pred_label.tolist() == [2]


def test_preparation_of_the_checkpoint(checkpoint):
    meta = torch.load(checkpoint, weights_only=False)['meta']
    stored = meta['dataset_meta']['preparation']
    assert stored == {
        key: {**value, **({'target_size': [16, 16]} if key == 'image' else {})}
        for key, value in PREPARATION.items()
    }


def test_other_preparation_goes_first(checkpoint, media):
    inferencer = TriModalInferencer(
        weights=checkpoint,
        device='cpu',
        preparation={'image': PREPARATION['image']},
    )
    assert inferencer.pipeline.fields == ('image_path',)
    with pytest.raises(ValueError, match=r"one or more of \['image'\]"):
        inferencer(files(media, 0))


def test_from_config_file_and_from_model(checkpoint, config_file, media):
    model = init_model(config_file, checkpoint, device='cpu')
    ready = TriModalInferencer(model, show_progress=False)
    built = TriModalInferencer(
        str(config_file), checkpoint, device='cpu', show_progress=False
    )
    inputs = files(media, 1)
    assert ready(inputs)['predictions'] == built(inputs)['predictions']
    assert ready.model is model


def test_through_the_registry(checkpoint, config_file):
    inferencer = INFERENCERS.build(
        {
            'type': 'TriModalInferencer',
            'model': Config.fromfile(config_file),
            'weights': str(checkpoint),
            'device': 'cpu',
        }
    )
    assert inferencer.modalities == ('image', 'speech', 'gesture')


def test_collate_of_the_config(checkpoint, config_file, media):
    config = Config.fromfile(config_file)
    config.test_dataloader.collate_fn = 'pseudo_collate'
    inferencer = TriModalInferencer(config, checkpoint, device='cpu')
    assert inferencer(files(media, 0))['predictions']


def test_no_preparation(config_file):
    with pytest.raises(ValueError, match='nothing says how to prepare media'):
        TriModalInferencer(str(config_file), device='cpu')


def test_refuses(inferencer, media, tmp_path):
    with pytest.raises(ValueError, match='init_model'):
        TriModalInferencer(torch.nn.Linear(1, 1))
    with pytest.raises(ValueError, match='model is None'):
        TriModalInferencer()
    with pytest.raises(ValueError, match='batch_size must be 1 or more'):
        inferencer(files(media, 0), batch_size=0)
    bad = tmp_path / 'bad.png'
    bad.write_bytes(b'no picture')
    with pytest.raises(ValueError, match=r'no image from bad\.png'):
        inferencer({'image': bad})
    with pytest.raises(ValueError, match="scope must be 'trimodal'"):
        inferencer.list_models(scope='mmdet')


def test_unreadable_file_can_be_passed_over(inferencer, media, tmp_path):
    bad = tmp_path / 'bad.png'
    bad.write_bytes(b'no picture')
    (prediction,) = inferencer(
        {**files(media, 0), 'image': bad}, skip_unreadable=True
    )['predictions']
    assert prediction['present'] == ['speech', 'gesture']


@pytest.mark.skipif(
    not (hand_model.cache_folder() / hand_model.FILE_NAME).exists(),
    reason='no hand-landmark model; tools/fetch_hand_landmarker.py gets it',
)
def test_video_without_a_hand(inferencer):
    frames = np.full((4, 64, 64, 3), 90, np.uint8)
    (prediction,) = inferencer({'video': (frames, 10)})['predictions']
    assert prediction['present'] == []
    assert set(prediction['modality_weights'].values()) == {0}
    assert np.isfinite(prediction['pred_scores']).all()
