"""The engine's promises with the demo's model, transforms and data set."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from tests.engine.hooks.test_random_state_hook import assert_same
from tests.engine.toy import Killed
from tests.tools.launching import run_tool
from tests.tools.test_dist import script
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.packed import PackedWriter
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS

pytestmark = pytest.mark.slow
STREAMS: dict[str, dict[str, Any]] = {
    'speech': {'sample_rate': 16000},
    'gesture': {'fps': 30.0},
    'image': {'encoding': 'raw'},
}
CLASSES = [str(label) for label in range(8)]
CONFIG = """
_base_ = ['{root}/configs/demo/cross-attention_small_b16-20e_demo.py']
custom_imports = dict(
    imports=['trimodal', 'tests.engine.toy', 'tests.engine.test_real_model'])
data_root = '{data}'
train_dataloader = dict(batch_size=4, dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file='train.h5'))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=3)
custom_hooks = [dict(type='EMAHook', momentum=0.1)]
"""
# No chance, no batch statistics, one step of SGD: its buffer is the gradient.
ONE_STEP = """
custom_hooks = [dict(type='NoChanceHook')]
optim_wrapper = dict(_delete_=True, clip_grad=None,
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9))
param_scheduler = None
train_cfg = dict(max_epochs=1)
model = dict(data_preprocessor=dict(modalities=dict(
    speech=dict(spec_augment=None))))
train_dataloader = dict(
    batch_size={batch}, num_workers=0, persistent_workers=False,
    dataset=dict(pipeline=[dict(type='PackInputs')]))
"""


@HOOKS.register_module()
class NoChanceHook(Hook):
    """Dropout and batch norm as in evaluation, gradients as in training."""

    def before_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        runner.model.eval()


def write_split(path: Path, count: int, missing: bool) -> None:
    """Random samples; with ``missing`` each modality is absent at times."""
    with PackedWriter(path, STREAMS, {'classes': CLASSES}, {}) as writer:
        for index in range(count):
            rng = np.random.default_rng(index)
            speech = rng.integers(-9999, 9999, 4000 + 300 * index, np.int16)
            gesture = rng.normal(size=(9 + index, 2, 21, 3))
            arrays: dict[str, Any] = {
                'speech': {'data': speech},
                'gesture': {
                    'data': gesture.astype(np.float16),
                    'score': np.ones((9 + index, 2), np.float16),
                },
                'image': {'data': rng.integers(0, 256, (64, 64, 3), np.uint8)},
            }
            if missing:
                arrays[list(STREAMS)[index % 3]] = None
            annotation = SampleAnnotation(id=f'{index}', label=index % 8)
            writer.append(annotation, arrays)


@pytest.fixture
def config(tmp_path: Path, repo_root: Path) -> Path:
    path = tmp_path / 'real.py'
    path.write_text(CONFIG.format(root=repo_root, data=tmp_path))
    return path


def child(config: Path, name: str, extra: str) -> str:
    path = config.with_name(f'{name}.py')
    path.write_text(f"_base_ = ['{config}']\n{extra}")
    return str(path)


def test_resume_is_exact(tmp_path: Path, config: Path):
    """Persistent workers, augmentation, dropout, EMA; killed in epoch 3."""
    write_split(tmp_path / 'train.h5', 12, missing=True)
    folders = {name: tmp_path / name for name in ('straight', 'resumed')}
    straight = TrainOptions(work_dir=str(folders['straight']), test=False)
    train(str(config), straight)
    kill = "dict(type='KillHook', stage='after_train_iter', epoch=2)"
    extra = f"custom_hooks = [dict(type='EMAHook', momentum=0.1), {kill}]\n"
    resumed = {'work_dir': str(folders['resumed']), 'test': False}
    with pytest.raises(Killed):
        train(child(config, 'killed', extra), TrainOptions(**resumed))
    train(str(config), TrainOptions(**resumed, resume='auto'))
    ours, theirs = (
        torch.load(folder / 'epoch_3.pth') for folder in folders.values()
    )
    parts = 'state_dict ema_state_dict optimizer param_schedulers random_state'
    for part in parts.split():
        assert_same(ours[part], theirs[part], part)
    losses = [
        checkpoint['message_hub']['log_scalars']['train/loss']['log_history']
        for checkpoint in (ours, theirs)
    ]
    assert len(losses[0]) == 9
    assert torch.equal(*losses)


def test_two_processes_equal_one_with_the_double_batch(
    tmp_path: Path, config: Path, monkeypatch
):
    write_split(tmp_path / 'train.h5', 8, missing=False)
    two = child(config, 'two', ONE_STEP.format(batch=4))
    options = ('--no-test', '--work-dir')
    script('dist_train.sh', two, 2, *options, tmp_path / 'two')
    one = child(config, 'one', ONE_STEP.format(batch=8))
    run_tool(monkeypatch, 'train', one, *options, tmp_path / 'one')
    ours, theirs = (
        torch.load(tmp_path / name / 'epoch_1.pth')['optimizer']['state']
        for name in ('two', 'one')
    )
    assert len(theirs) > 50
    for index, state in theirs.items():
        torch.testing.assert_close(
            ours[index]['momentum_buffer'],
            state['momentum_buffer'],
            rtol=1e-4,
            atol=1e-6,
        )
