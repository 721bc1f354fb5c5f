"""Which samples are drawn when, and where the pictures go."""

from pathlib import Path

import cv2
import pytest
import torch
from tensorboard.backend.event_processing import event_accumulator

from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS

RUN = """
model['fusion'] = dict(
    type='SelfAttentionFusion', modalities=('a', 'b'), in_channels=8,
    out_channels=8, num_heads=2, num_layers=1)
visualizer['vis_backends'] = [dict(type='TensorboardVisBackend')]
custom_hooks = [dict(type='VisualizationHook', {arguments})]
"""


def run(folder: Path, arguments: str, extra: str = '') -> Path:
    """The log folder of a run of 4 epochs, 10 samples of validation."""
    text = RUN.format(arguments=arguments) + extra
    config = write_fusion(folder, 'run', text)
    train(config, TrainOptions(work_dir=str(folder / 'run'), test=False))
    (log,) = (folder / 'run').glob('*/vis_data')
    return log.parent


def test_tensorboard_gets_samples_and_attention(tmp_path: Path):
    """Batches of 4: six samples are one batch and a half."""
    log = run(tmp_path, "interval=2, num_samples=6, attention='fusion'")
    sizes = {event_accumulator.IMAGES: 0}
    events = event_accumulator.EventAccumulator(str(log / 'vis_data'), sizes)
    tags = set(events.Reload().Tags()['images'])
    assert tags == {
        f'{kind}/toy_{i}' for kind in ('val', 'attention') for i in range(6)
    }
    for tag in tags:
        assert [image.step for image in events.Images(tag)] == [2, 4]
        assert events.Images(tag)[0].width > 200


def test_files_in_place_of_loggers(tmp_path: Path):
    """By iterations, with the run's own way of drawing."""
    extra = (
        'train_cfg = dict(by_epoch=False, max_iters=6, val_interval=2)\n'
        "train_dataloader['sampler'] = dict(type='InfiniteSampler')\n"
        "default_hooks['checkpoint'] = None\n"
        'log_processor = dict(by_epoch=False)\n'
        "visualizer['type'] = 'TriModalVisualizer'\n"
    )
    arguments = "num_samples=1, interval=3, out_dir='pictures', draw_gt=False"
    log = run(tmp_path, arguments, extra)
    (path,) = log.glob('pictures/**/*.png')
    assert path == log / 'pictures' / 'val' / 'toy_0_6.png'
    assert min(cv2.imread(str(path)).shape[:2]) > 100


def test_drawing_changes_nothing(tmp_path: Path):
    weights = []
    for name, arguments in (
        ('on', "attention='fusion'"),
        ('off', 'interval=9'),
    ):
        (tmp_path / name).mkdir()
        run(tmp_path / name, arguments)
        saved = torch.load(tmp_path / name / 'run' / 'epoch_4.pth')
        weights.append(saved['state_dict'])
    for key, value in weights[0].items():
        assert torch.equal(value, weights[1][key]), key


def test_what_is_refused(tmp_path: Path):
    for arguments, message in (
        ({'interval': 0}, 'interval must be .* got 0'),
        ({'num_samples': 0}, 'num_samples must be .* 0'),
    ):
        with pytest.raises(ValueError, match=message):
            HOOKS.build({'type': 'VisualizationHook', **arguments})
    with pytest.raises(ValueError, match='attention must be the beginning'):
        run(tmp_path, "attention='fuzion'")
