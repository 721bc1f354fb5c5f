"""A detection config with pictures of which one can tell where boxes are."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from mmengine.hooks import Hook
from mmengine.structures import InstanceData
from tensorboard.backend.event_processing import event_accumulator

from tests.test_repo.test_config_steps import prepared, write_data
from trimodal.registry import HOOKS
from trimodal.visualization.figure import COLORS, GREEN

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
        found[tag] = decoded(data).astype(int)
    return found


def decoded(data: bytes) -> np.ndarray:
    """A picture from a file's bytes, RGB, uint8."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return pixels[..., ::-1]


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
