"""Which samples are drawn when, and where the pictures go."""

from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from tensorboard.backend.event_processing import event_accumulator

from tests.engine.cells import (
    CELLS,
    cells,
    check_boxes,
    decoded,
    near,
    pictures,
)
from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import ToyDataset
from tests.tools.launching import run_tool
from trimodal.engine.hooks.attention_maps import recorded_attention
from trimodal.engine.runner import TestOptions, TrainOptions, train
from trimodal.engine.runner import test as run_test
from trimodal.engine.runner.launch import build_runner
from trimodal.registry import HOOKS, MODELS
from trimodal.visualization import TriModalVisualizer
from trimodal.visualization import attention as attention_module
from trimodal.visualization import sample as sample_module
from trimodal.visualization.figure import COLORS, render

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


def test_tensorboard_gets_samples_and_attention(tmp_path: Path, monkeypatch):
    """Batches of 4: six samples are one batch and a half."""
    drawn = []

    def render_and_keep(figure):
        picture = render(figure)
        (image,) = figure.axes[0].images
        drawn.append((np.array(image.get_array()), picture))
        return picture

    monkeypatch.setattr(attention_module, 'render', render_and_keep)
    arguments = "interval=2, num_samples=6, attention='fusion'"
    log = run(tmp_path, arguments, decided(tmp_path))
    sizes = {event_accumulator.IMAGES: 0}
    events = event_accumulator.EventAccumulator(str(log / 'vis_data'), sizes)
    tags = set(events.Reload().Tags()['images'])
    assert tags == {
        f'{kind}/toy_{i}' for kind in ('val', 'attention') for i in range(6)
    }
    for tag in tags:
        assert [image.step for image in events.Images(tag)] == [2, 4]
        assert events.Images(tag)[0].width > 200
    # In the order of the epochs, and of the samples in each.
    for (weights, picture), (epoch, index) in zip(
        drawn, product((2, 4), range(6)), strict=True
    ):
        expected = weights_of(tmp_path / 'run' / f'epoch_{epoch}.pth', index)
        assert np.allclose(weights, expected, atol=1e-4)
        assert np.ptp(weights) > 0.05  # all the same would be blank
        image = events.Images(f'attention/toy_{index}')[epoch // 2 - 1]
        assert np.array_equal(decoded(image.encoded_image_string), picture)


def decided(folder: Path) -> str:
    """A config's line that begins with attention that is far from even."""
    path = write_fusion(folder, 'decided', RUN.format(arguments=''))
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(path).model)
    for name, value in model.named_parameters():
        if name.endswith('in_proj.weight'):
            value.data *= 30
    torch.save({'state_dict': model.state_dict()}, folder / 'decided.pth')
    return f"load_from = '{folder}/decided.pth'\n"


def weights_of(checkpoint: Path, index: int) -> np.ndarray:
    """Attention for one sample, with the weights that were saved."""
    config = Config.fromfile(checkpoint.parent.with_suffix('.py'))
    model = MODELS.build(config.model).eval()
    model.load_state_dict(torch.load(checkpoint)['state_dict'])
    batch = pseudo_collate([ToyDataset(10)[index]])
    with torch.no_grad(), recorded_attention(model, 'fusion') as maps:
        model.test_step(batch)
    (weights,) = maps.values()
    return weights[0].numpy()


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


@pytest.mark.parametrize('way', ['plain', 'tta', 'subsets'])
def test_samples_of_a_test(tmp_path: Path, monkeypatch, way: str):
    """Of variants the first; of subsets the one of all, which comes last."""
    text = RUN.format(arguments="num_samples=3, attention='fusion'")
    if way == 'tta':
        text += "tta_model = dict(type='TriModalTTAModel')\n"
        text += "tta_pipeline = 'twice'\n"
    path = write_fusion(tmp_path, 'run', text)
    model = MODELS.build(Config.fromfile(path).model)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'w.pth')
    drawn = []
    draw = TriModalVisualizer.draw

    def draw_and_tell(self, inputs, sample, *others):
        drawn.append((inputs, sample))
        return draw(self, inputs, sample, *others)

    monkeypatch.setattr(TriModalVisualizer, 'draw', draw_and_tell)
    options = TestOptions(
        work_dir=str(tmp_path / 'work'),
        tta=way == 'tta',
        subsets=way == 'subsets',
    )
    run_test(path, str(tmp_path / 'w.pth'), options)
    names = {f'test/toy_{i}' for i in range(3)}
    attention = {f'test_attention/toy_{i}' for i in range(3)}
    expected = names if way == 'tta' else names | attention
    assert set(pictures(tmp_path / 'work')) == expected
    data = ToyDataset(10)
    for index, (inputs, sample) in enumerate(drawn):
        for key, value in data[index]['inputs'].items():
            assert torch.equal(inputs[key], value)
        # Both had a part in what was said.
        assert (sample.modality_weights > 0).all()
