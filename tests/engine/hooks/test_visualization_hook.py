"""Which samples are drawn when, and where the pictures go."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.structures import InstanceData
from tensorboard.backend.event_processing import event_accumulator

from tests.engine.tiny_fusion import write_fusion
from tests.test_repo.test_config_steps import prepared, write_data
from tests.tools.launching import run_tool
from trimodal.engine.runner import TrainOptions, train
from trimodal.engine.runner.launch import build_runner
from trimodal.registry import HOOKS
from trimodal.visualization import sample as sample_module
from trimodal.visualization.figure import COLORS, GREEN, render

RUN = """
model['fusion'] = dict(
    type='SelfAttentionFusion', modalities=('a', 'b'), in_channels=8,
    out_channels=8, num_heads=2, num_layers=1)
visualizer['vis_backends'] = [dict(type='TensorboardVisBackend')]
custom_hooks = [dict(type='VisualizationHook', {arguments})]
"""


# Cells are blue on grey; x, y, width, height in pictures of 96 x 64.
CELLS = ((6, 8, 30, 24), (50, 20, 40, 38))


@HOOKS.register_module()
class KnowingHook(Hook):
    """Says what is true, in boxes 1 pixel smaller, and something unsure.

    In place of a model that would have to be trained for that.
    """

    priority = 'HIGH'

    def _say(self, outputs) -> None:
        for sample in outputs:
            true = sample.gt_instances
            units = np.divide(sample.ori_shape, sample.img_shape)[[1, 0, 1, 0]]
            boxes = true.bboxes * torch.from_numpy(units).float()
            boxes = boxes + torch.tensor([1.0, 1, -1, -1])
            count = len(boxes)
            sample.pred_instances = InstanceData(
                bboxes=torch.cat([boxes, torch.tensor([[40.0, 2, 44, 6]])]),
                labels=torch.cat([true.labels, torch.tensor([0])]),
                scores=torch.tensor([0.9] * count + [0.1]),
            )

    def after_val_iter(self, runner, batch_idx, data_batch, outputs):
        self._say(outputs)

    def after_test_iter(self, runner, batch_idx, data_batch, outputs):
        self._say(outputs)


def cells(folder: Path, repo_root: Path, extra: dict) -> Path:
    """The blood cells' config with pictures of two cells, and of none."""
    (path,) = (repo_root / 'configs' / 'bccd').glob('*.py')
    config = prepared(path, folder)
    write_data(config, folder)
    dataset = config.val_dataloader.dataset
    annotations = folder / dataset.ann_file
    content = json.loads(annotations.read_text())
    for image in content['images']:
        pixels = np.full((64, 96, 3), 200, np.uint8)
        if image['id'] > 1:
            for x, y, width, height in CELLS:
                pixels[y : y + height, x : x + width] = (40, 40, 220)
        file = folder / dataset.img_folder / image['file_name']
        cv2.imwrite(str(file), pixels[..., ::-1])
    for box in content['annotations']:
        box['bbox'] = CELLS[box['id'] % 2]
    content['annotations'] = [
        box for box in content['annotations'] if box['image_id'] > 1
    ]
    annotations.write_text(json.dumps(content))
    config.custom_hooks = [
        {'type': 'KnowingHook'},
        {'type': 'VisualizationHook', 'num_samples': 2},
    ]
    config.visualizer = {
        'type': 'Visualizer',
        'vis_backends': [{'type': 'TensorboardVisBackend'}],
    }
    config.merge_from_dict(extra)
    config.dump(folder / 'cells.py')
    return folder / 'cells.py'


def pictures(folder: Path) -> dict[str, np.ndarray]:
    """The last picture of each name, RGB."""
    (log,) = folder.glob('*/vis_data')
    sizes = {event_accumulator.IMAGES: 0}
    events = event_accumulator.EventAccumulator(str(log), sizes)
    found = {}
    for tag in events.Reload().Tags()['images']:
        data = events.Images(tag)[-1].encoded_image_string
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        found[tag] = pixels[..., ::-1].astype(int)
    return found


def near(picture: np.ndarray, color: str | tuple) -> np.ndarray:
    """Where a picture has a colour."""
    if isinstance(color, str):
        color = tuple(round(255 * c) for c in to_rgb(color))
    return np.abs(picture - np.array(color)).max(axis=2) < 12


def around(found: np.ndarray) -> list[int]:
    rows, columns = np.nonzero(found)
    return [columns.min(), rows.min(), columns.max(), rows.max()]


def check_boxes(picture: np.ndarray, said_of: tuple = CELLS) -> None:
    """Each cell is in a green and in an orange box, as close as drawn."""
    grey = around(near(picture, (200, 200, 200)))
    unit = (grey[2] - grey[0] + 1) / 96
    for x, y, width, height in CELLS:
        # Around the cell, and what lies between it and its neighbours.
        left, top = (
            round(grey[i] + unit * (v - 3)) for i, v in ((0, x), (1, y))
        )
        right = round(left + unit * (width + 6))
        bottom = round(top + unit * (height + 6))
        part = picture[top:bottom, left:right]
        # The texts, above and below, are of their boxes' colours.
        middle = part[part.shape[0] // 2 - 20 : part.shape[0] // 2 + 20]
        said_here = (x, y, width, height) in said_of
        cell = near(middle, (40, 40, 220)).nonzero()[1]
        for color, wide, there in (
            (GREEN, width, True),
            (COLORS[1], width - 2, said_here),
        ):
            box = near(middle, color).nonzero()[1]
            assert bool(len(box)) == there
            if there:
                assert np.ptp(box) == pytest.approx(unit * wide, abs=4)
                assert mid(box) == pytest.approx(mid(cell), abs=2)


def mid(places: np.ndarray) -> float:
    return (places.min() + places.max()) / 2


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


def test_boxes_of_validation_and_test(
    tmp_path: Path, repo_root: Path, monkeypatch
):
    """Where the cells are, with names and scores; one picture has none."""
    said: list[list[str]] = []

    def render_and_tell(figure):
        axes = figure.axes[0]
        legend = axes.get_legend().get_texts()
        said.append([t.get_text() for t in (*axes.texts, *legend)])
        return render(figure)

    monkeypatch.setattr(sample_module, 'render', render_and_tell)
    path = cells(tmp_path, repo_root, {})
    runner = build_runner(Config.fromfile(path))
    runner.train()
    runner.test()
    found = pictures(Path(runner.work_dir))
    assert set(found) == {'val/1', 'val/2', 'test/1', 'test/2'}
    for name in ('val/2', 'test/2'):
        check_boxes(found[name])
    nothing = ['true (0)', 'predicted (0 of 1: score from 0.3)']
    names = ['object 2', 'object 0']
    both = [*names, *(f'{n} 0.90' for n in reversed(names))]
    both += ['true (2)', 'predicted (2 of 3: score from 0.3)']
    assert said == [nothing, both] * 2


def test_boxes_of_the_tool(tmp_path: Path, repo_root: Path, monkeypatch):
    """With a threshold and a number of boxes of the run's visualizer."""
    settings = {
        'visualizer.type': 'TriModalVisualizer',
        'visualizer.min_score': 0.0,
        'visualizer.max_boxes': 1,
    }
    path = cells(tmp_path, repo_root, settings)
    runner = build_runner(Config.fromfile(path))
    torch.save({'state_dict': runner.model.state_dict()}, tmp_path / 'w.pth')
    work_dir = tmp_path / 'work'
    run_tool(
        monkeypatch, 'test', path, tmp_path / 'w.pth', '--work-dir', work_dir
    )
    found = pictures(work_dir)
    assert set(found) == {'test/1', 'test/2'}
    # The unsure one where there is no better, else the first of the two.
    areas = [near(found[f'test/{i}'], COLORS[1]).sum() for i in (1, 2)]
    assert areas[0] > 500
    check_boxes(found['test/2'], CELLS[:1])
