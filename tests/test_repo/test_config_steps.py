"""Every experiment of configs/ trains a step, validates and is tested.

Through the very functions of ``tools/train.py --fast-dev-run``, on random
samples in the form that the config's preprocessors take.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from tests.test_repo.sources import experiments, relative
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.packed import PackedWriter
from trimodal.engine.runner import TrainOptions, configuration
from trimodal.engine.runner.configuration import train_config
from trimodal.engine.runner.launch import _build_parts, build_runner
from trimodal.registry import MODELS, TASK_UTILS

ATTRIBUTES: dict[str, dict[str, Any]] = {
    'speech': {'sample_rate': 16000},
    'gesture': {'fps': 30.0},
    'image': {'encoding': 'raw'},
}
SAMPLES = 8
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# The base size takes seconds a step and gigabytes.
LARGE = '_base_'


def parameters() -> list:
    return [
        pytest.param(
            path,
            id=relative(path),
            marks=[pytest.mark.slow] if LARGE in path.stem else [],
        )
        for path in experiments()
    ]


def random_sample(config: Config, rng: np.random.Generator) -> dict:
    """Arrays of one sample for the modalities the config reads."""
    preprocessors = config.model.data_preprocessor.modalities
    arrays: dict[str, Any] = {}
    for name, cfg in preprocessors.items():
        if name == 'speech':
            samples = int(rng.integers(4000, 8000))
            data = rng.integers(-9999, 9999, samples, np.int16)
        elif name == 'gesture':
            built = MODELS.build(dict(cfg))
            joints = (built.num_hands, len(built.parents))
            shape = (int(rng.integers(16, 20)), *joints, built.coordinates)
            data = rng.normal(size=shape).astype(np.float16)
        else:
            side = 64 if 'demo' in config.filename else 28
            data = rng.integers(0, 256, (side, side, 3), np.uint8)
        arrays[name] = {'data': data}
        if name == 'gesture':
            arrays[name]['score'] = np.ones(data.shape[:2], np.float16)
    return arrays


def random_annotation(
    index: int,
    classes: int,
    outputs: int,
    texts: Sequence[str],
    objects: int,
) -> SampleAnnotation:
    """Something for every task: a class, a text, values and two boxes."""
    label = index % classes
    return SampleAnnotation(
        id=f'{index}',
        group=f'{index // 3}',
        label=label,
        transcription=texts[index % len(texts)],
        target=tuple(float(index + i) for i in range(outputs)),
        bboxes=np.array([[2, 3, 14, 20], [9, 8, 26, 27]], np.float32),
        bbox_labels=np.array([index % objects, (index + 1) % objects]),
    )


def random_texts(config: Config) -> list[str]:
    """Texts of two symbols that the config's vocabulary knows."""
    heads = config.model.heads.values()
    cfg = next((h.vocabulary for h in heads if 'vocabulary' in h), None)
    if cfg is None:
        return ['3 4']
    vocabulary = TASK_UTILS.build(dict(cfg))
    # The first four are special.
    symbols = vocabulary.tokens[4:]
    return [vocabulary.join(pair) for pair in pairwise(symbols)]


def write_data(config: Config, folder: Path) -> None:
    """Random data, the same for every split."""
    classes = config.model.heads.get('cls', {}).get('num_classes', 10)
    heads = config.model.heads.values()
    outputs = max((head.get('num_outputs', 1) for head in heads), default=1)
    finders = [head for head in heads if head.type == 'DETRHead']
    objects = finders[0].num_classes if finders else classes
    names = [str(label) for label in range(classes)]
    texts = random_texts(config)
    found = [f'object {label}' for label in range(objects)]
    metainfo = {'classes': names, 'detection_classes': found}
    modalities = config.model.data_preprocessor.modalities
    streams = {
        name: {**ATTRIBUTES[name], **MODELS.build(cfg).stream_attributes}
        for name, cfg in modalities.items()
    }
    for split in ('train', 'val', 'test'):
        path = folder / f'{split}.h5'
        with PackedWriter(path, streams, metainfo, {}) as writer:
            for index in range(SAMPLES):
                rng = np.random.default_rng(index)
                annotation = random_annotation(
                    index, classes, outputs, texts, objects
                )
                writer.append(annotation, random_sample(config, rng))
    for key in LOADERS:
        if config[key].dataset.type == 'CocoDataset':
            write_coco(config[key].dataset, folder, found)


def write_coco(dataset: dict, folder: Path, classes: list[str]) -> None:
    """Random pictures of two boxes, as the data set expects them."""
    ids = range(1, SAMPLES + 1)
    content = {
        'images': [{'id': i, 'file_name': f'{i}.png'} for i in ids],
        'annotations': [
            {
                'id': 2 * i + k,
                'image_id': i,
                'category_id': (i + k) % len(classes),
                'bbox': [2 + 7 * k, 3 + 5 * k, 12, 17],
            }
            for i in ids
            for k in range(2)
        ],
        'categories': [{'id': i, 'name': n} for i, n in enumerate(classes)],
    }
    rng = np.random.default_rng(0)
    (folder / dataset['img_folder']).mkdir(parents=True, exist_ok=True)
    for image in content['images']:
        pixels = rng.integers(0, 256, (48, 64, 3), np.uint8)
        path = folder / dataset['img_folder'] / image['file_name']
        Image.fromarray(pixels).save(path)
    path = folder / dataset['ann_file']
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def without_pretrained(item: Any) -> None:
    """Leave out weights of runs that have not been made."""
    if isinstance(item, dict):
        init = item.get('init_cfg')
        if isinstance(init, dict) and init.get('type') == 'Pretrained':
            item['init_cfg'] = None
    if isinstance(item, dict | list):
        for value in item.values() if isinstance(item, dict) else item:
            without_pretrained(value)


def read_random(item: Any, folder: Path) -> None:
    """Let every data set read what :func:`write_data` wrote, all of it."""
    if isinstance(item, dict) and 'data_root' in item:
        item['data_root'], item['indices'] = str(folder), None
    if isinstance(item, dict | list):
        for value in item.values() if isinstance(item, dict) else item:
            read_random(value, folder)


def prepared(path: Path, folder: Path) -> Config:
    options = TrainOptions(work_dir=str(folder / 'run'), fast_dev_run=True)
    # The weights of other runs are not here: what is asked for is a step.
    with patch.object(configuration, '_check_pretrained'):
        config = train_config(str(path), options)
    without_pretrained(config.model)
    config.visualizer = dict(type='Visualizer', vis_backends=[])
    config.log_level = 'ERROR'
    for key in LOADERS:
        loader = config[key]
        loader.batch_size = 4
        loader.num_workers, loader.persistent_workers = 0, False
        read_random(loader, folder)
    read_random(config.get('custom_hooks'), folder)
    return config


@pytest.mark.parametrize('path', parameters())
def test_experiment_trains_one_step(path: Path, tmp_path: Path):
    torch.set_num_threads(1)
    config = prepared(path, tmp_path)
    write_data(config, tmp_path)
    runner = build_runner(config)
    _build_parts(runner, only_first_batch=True)
    before = {n: p.clone() for n, p in runner.model.named_parameters()}
    runner.train()
    assert runner.iter == 1
    after = dict(runner.model.named_parameters())
    assert all(p.isfinite().all() for p in after.values())
    assert any(not torch.equal(p, before[n]) for n, p in after.items())
    metrics = runner.test()
    assert metrics
