"""A tiny data set of real files, prepared, and a tiny config for it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

CLASSES = ('low', 'middle', 'high')
RATE = 16000
PREPARATION = {
    'speech': {'type': 'SpeechPreparer', 'max_duration': 1.0},
    'gesture': {'type': 'GesturePreparer', 'target_fps': 10},
    'image': {'type': 'ImagePreparer', 'target_size': (16, 16)},
}
CONFIG = """
default_scope = 'trimodal'
custom_imports = dict(imports=['trimodal'], allow_failed_imports=False)
streams = ('speech', 'gesture', 'image')
model = dict(
    type='TriModalFusionModel',
    data_preprocessor=dict(
        type='TriModalDataPreprocessor',
        modalities=dict(
            speech=dict(type='SpeechPreprocessor', n_mels=16, normalize=None),
            gesture=dict(type='GesturePreprocessor'),
            image=dict(type='ImagePreprocessor'))),
    encoders=dict(
        speech=dict(type='SpeechTransformer', in_channels=16, embed_dims=16,
                    num_layers=1, num_heads=2, feedforward_channels=32,
                    conv_channels=(8, 8)),
        gesture=dict(type='HandGraphEncoder', graph_channels=(8,),
                     embed_dims=16, num_layers=1),
        image=dict(type='VisionTransformer', img_size=16, patch_size=8,
                   embed_dims=16, num_layers=1, num_heads=2,
                   feedforward_channels=32)),
    # Not in the order of the streams: weights must still find their names.
    fusion=dict(type='ConcatFusion', modalities=('image', 'speech', 'gesture'),
                in_channels=16, out_channels=16),
    heads=dict(cls=dict(type='ClsHead', num_classes=3, in_channels=16)))
dataset = dict(type='PackedTriModalDataset', data_root={root!r},
               modalities=streams, pipeline=[dict(type='PackInputs')])
train_dataloader = dict(
    batch_size=8, num_workers=0, collate_fn=dict(type='pseudo_collate'),
    dataset=dict(dataset, ann_file='train.h5'),
    sampler=dict(type='DefaultSampler', shuffle=True))
val_dataloader = dict(
    batch_size=8, num_workers=0, collate_fn=dict(type='pseudo_collate'),
    dataset=dict(dataset, ann_file='val.h5'),
    sampler=dict(type='DefaultSampler', shuffle=False))
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy'), dict(type='PerClassTable')]
test_evaluator = val_evaluator
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=5e-3))
train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=6)
val_cfg = dict()
test_cfg = dict()
default_hooks = dict(
    checkpoint=dict(type='CheckpointHook', save_best='accuracy/top1'))
randomness = dict(seed=0)
work_dir = {work_dir!r}
"""


def write_sample(folder: Path, name: str, label: int, seed: int) -> dict:
    """Write wav, npy and png of one sample; each tells the class."""
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 2) / RATE
    wave = np.sin(2 * np.pi * (200, 800, 3200)[label] * time)
    wave += 0.05 * rng.normal(size=wave.shape)
    soundfile.write(folder / f'{name}.wav', 0.5 * wave, RATE)
    hand = rng.normal(size=(1, 1, 21, 3)) * 0.02 + 0.5
    hand[..., 4 * label + 4, :] += 0.3
    landmarks = np.full((6, 2, 21, 3), np.nan, np.float32)
    landmarks[:, 1] = hand[0]
    np.save(folder / f'{name}.npy', landmarks)
    picture = rng.integers(0, 60, (20, 20, 3)).astype(np.uint8)
    picture[..., label] += 180
    Image.fromarray(picture).save(folder / f'{name}.png')
    return {
        'id': name,
        'label': label,
        'speech_path': f'{name}.wav',
        'gesture_path': f'{name}.npy',
        'image_path': f'{name}.png',
    }


def write_split(root: Path, split: str, count: int, seed: int) -> Path:
    """Write a split with its annotations."""
    folder = root / split
    folder.mkdir(parents=True)
    samples = [
        write_sample(folder, f'{split}_{i}', i % 3, seed + i)
        for i in range(count)
    ]
    content = {'metainfo': {'classes': CLASSES}, 'samples': samples}
    (folder / 'annotations.json').write_text(json.dumps(content))
    return folder


@pytest.fixture(scope='session')
def media(tmp_path_factory) -> Path:
    """A folder with ``train`` and ``val``, as a user has them."""
    root = tmp_path_factory.mktemp('media')
    write_split(root, 'train', 24, seed=0)
    write_split(root, 'val', 6, seed=100)
    return root


@pytest.fixture(scope='session')
def config_file(media, tmp_path_factory) -> Path:
    """A config over the prepared data."""
    from trimodal.datasets.preparation.runner import prepare_dataset

    root = tmp_path_factory.mktemp('prepared')
    prepare_dataset(media, root, PREPARATION, workers=0)
    path = root / 'tiny_config.py'
    path.write_text(CONFIG.format(root=str(root), work_dir=str(root / 'work')))
    return path


@pytest.fixture
def three_files(media) -> dict[str, str]:
    """An input of class 'high' that no training has seen."""
    stem = str(media / 'val' / 'val_2')
    return {
        'speech': f'{stem}.wav',
        'gesture': f'{stem}.npy',
        'image': f'{stem}.png',
    }
