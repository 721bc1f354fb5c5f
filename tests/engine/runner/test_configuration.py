"""What the options make of a config."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.toy import write_config
from trimodal.engine.runner import (
    TestOptions,
    TrainOptions,
    test_config,
    train_config,
)
from trimodal.engine.runner.configuration import existing_checkpoint
from trimodal.utils.config import ConfigError

STATES = (
    'meta',
    'state_dict',
    'message_hub',
    'optimizer',
    'param_schedulers',
)
TTA = """
tta_model = dict(type='TriModalTTAModel')
tta_pipeline = [dict(type='Variants')]
test_dataloader = dict(dataset=dict(
    type='RepeatDataset', dataset=dict(type='ToyDataset', pipeline=[])))
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    return write_config(tmp_path)


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    torch.save(dict.fromkeys(STATES), tmp_path / 'a.pth')
    return str(tmp_path / 'a.pth')


def trained(config: str, **options: Any) -> Any:
    return train_config(config, TrainOptions(**options))


def test_work_dir_precedence(tmp_path: Path, config: str):
    assert trained(config).work_dir == str(Path('work_dirs/toy'))
    other = write_config(tmp_path, 'other', "work_dir = 'of_config'\n")
    assert trained(other).work_dir == 'of_config'
    by_option = {'work_dir': 'of_cfg_options'}
    assert trained(other, cfg_options=by_option).work_dir == 'of_cfg_options'
    assert trained(other, work_dir='x', cfg_options=by_option).work_dir == 'x'


def test_seed_and_deterministic(config: str):
    assert trained(config).randomness == {'seed': 0, 'deterministic': False}
    chosen = trained(config, seed=7, deterministic=True).randomness
    assert chosen == {'seed': 7, 'deterministic': True}


def test_amp(tmp_path: Path, config: str):
    assert trained(config, amp=True).optim_wrapper.type == 'AmpOptimWrapper'
    extra = "optim_wrapper['type'] = 'Other'\n"
    with pytest.raises(ConfigError, match=r'--amp.*not Other'):
        trained(write_config(tmp_path, 'b', extra), amp=True)


def test_auto_scale_lr(tmp_path: Path, config: str):
    assert trained(config, auto_scale_lr=True).auto_scale_lr.enable is True
    extra = 'auto_scale_lr = None\n'
    with pytest.raises(ConfigError, match='base_batch_size'):
        trained(write_config(tmp_path, 'b', extra), auto_scale_lr=True)


def test_debug(tmp_path: Path):
    extra = (
        'train_dataloader.update(\n'
        '    num_workers=4, persistent_workers=True, prefetch_factor=2)\n'
    )
    merged = trained(write_config(tmp_path, 'b', extra), debug=True)
    loader = merged.train_dataloader
    assert (loader.num_workers, loader.persistent_workers) == (0, False)
    assert 'prefetch_factor' not in loader
    assert merged.log_level == 'DEBUG'


def test_fast_dev_run(config: str):
    merged = trained(config, fast_dev_run=True, work_dir='w')
    assert merged.work_dir == str(Path('w/fast_dev_run'))
    assert merged.default_hooks.checkpoint is None
    assert merged.train_cfg.max_epochs == merged.train_cfg.val_interval == 1


def test_fast_dev_run_averages_from_the_first_epoch_on(tmp_path: Path):
    extra = "custom_hooks = [dict(type='SWAHook', begin_epoch=3)]\n"
    merged = trained(write_config(tmp_path, 'b', extra), fast_dev_run=True)
    assert merged.custom_hooks == [{'type': 'SWAHook', 'begin_epoch': 0}]


def test_fast_dev_run_tells_of_a_hook_without_type(tmp_path: Path):
    path = write_config(tmp_path, 'b', 'custom_hooks = [dict(interval=3)]\n')
    with pytest.raises(ConfigError, match=r'custom_hooks\[0\] has no type'):
        trained(path, fast_dev_run=True)


def test_fast_dev_run_by_iterations(tmp_path: Path):
    extra = (
        'train_cfg = dict(by_epoch=False, max_iters=50, val_interval=20,\n'
        '    dynamic_intervals=[(10, 5)])\n'
    )
    merged = trained(write_config(tmp_path, 'b', extra), fast_dev_run=True)
    expected = {'type': 'IterBasedTrainLoop', 'max_iters': 1}
    assert merged.train_cfg == {**expected, 'val_interval': 1, 'val_begin': 1}


def test_resume(tmp_path: Path, config: str, checkpoint: str):
    work_dir = tmp_path / 'w'
    options = {'work_dir': str(work_dir), 'resume': 'auto'}
    merged = trained(config, **options)  # nothing to resume: a fresh start
    assert (merged.resume, merged.load_from) == (False, None)

    merged = trained(config, resume=checkpoint)
    assert (merged.resume, merged.load_from) == (True, checkpoint)

    work_dir.mkdir()
    (work_dir / 'last_checkpoint').write_text(checkpoint)
    assert trained(config, **options).load_from == checkpoint

    # The folder was moved: the file beside last_checkpoint is meant.
    (work_dir / 'last_checkpoint').write_text('/elsewhere/b.pth')
    torch.save(dict.fromkeys(STATES), work_dir / 'b.pth')
    assert trained(config, **options).load_from == str(work_dir / 'b.pth')

    # What a run needs depends on the config.
    torch.save(dict.fromkeys(STATES[:-1]), work_dir / 'b.pth')
    with pytest.raises(ConfigError, match=r'b\.pth lacks param_schedulers'):
        trained(config, **options)
    without = write_config(tmp_path, 'without', 'param_scheduler = None\n')
    assert trained(without, **options).load_from == str(work_dir / 'b.pth')

    (work_dir / 'b.pth').unlink()
    with pytest.raises(ConfigError, match=r'last_checkpoint names .*b\.pth'):
        trained(config, **options)


def test_only_a_resume_without_a_checkpoint_takes_logs_back(tmp_path: Path):
    extra = "default_hooks['resume_log'] = dict(type='ResumeLogHook')\n"
    path = write_config(tmp_path, 'b', extra)
    begun = trained(path, work_dir=str(tmp_path / 'w'), resume='auto')
    assert begun.default_hooks.resume_log.begin_anew
    kept = tmp_path / 'kept.py'  # as a run keeps its config
    begun.dump(str(kept))
    assert 'begin_anew' not in trained(str(kept)).default_hooks.resume_log


def test_nothing_to_train(tmp_path: Path):
    path = write_config(tmp_path, 'b', 'train_cfg = None\n')
    with pytest.raises(ConfigError, match=r'b\.py does not define train_cfg'):
        trained(path)


def configured_test(config: str, checkpoint: str, **options: Any) -> Any:
    return test_config(config, checkpoint, TestOptions(**options))


def test_test(config: str, checkpoint: str):
    merged = configured_test(config, checkpoint)
    assert merged.work_dir == str(Path('work_dirs/toy/test'))
    assert merged.load_from == checkpoint
    assert configured_test(config, checkpoint, work_dir='x').work_dir == 'x'
    merged = configured_test(config, checkpoint, subsets=True)
    assert merged.test_cfg == {'type': 'SubsetTestLoop'}
    with pytest.raises(ConfigError, match=r'\.pkl or \.json'):
        configured_test(config, checkpoint, out='x.txt')


def test_a_test_is_not_compiled(tmp_path: Path, checkpoint: str):
    """mmengine would hand CompileHook's arguments to torch.compile."""
    path = write_config(tmp_path, 'b', "compile = dict(parts=['fusion'])\n")
    assert configured_test(path, checkpoint).compile is False


def test_tta(tmp_path: Path, config: str, checkpoint: str):
    with pytest.raises(ConfigError, match=r'--tta.*does not define tta_mod'):
        configured_test(config, checkpoint, tta=True)
    merged = configured_test(
        write_config(tmp_path, 'b', TTA), checkpoint, tta=True
    )
    assert merged.model.type == 'TriModalTTAModel'
    assert merged.model.module == {'type': 'ToyModel'}
    inner = merged.test_dataloader.dataset.dataset
    assert inner.pipeline == [{'type': 'Variants'}]


def test_existing_checkpoint(tmp_path: Path, checkpoint: str):
    assert existing_checkpoint(checkpoint) == checkpoint
    url = 'https://example.org/a.pth'
    assert existing_checkpoint(url) == url
    with pytest.raises(ConfigError, match=r'none\.pth does not exist'):
        existing_checkpoint(str(tmp_path / 'none.pth'))
    with pytest.raises(ConfigError, match=r'is a folder.*\(a\.pth\)'):
        existing_checkpoint(str(tmp_path))


def test_missing_pretrained_weights_are_named(tmp_path: Path):
    extra = (
        "model['init_cfg'] = dict(type='Pretrained', "
        "checkpoint='work_dirs/other/epoch_1.pth')\n"
    )
    path = write_config(tmp_path, 'pretrained', extra)
    with pytest.raises(
        ConfigError,
        match=r'model.init_cfg.checkpoint: work_dirs/other/epoch_1.pth does '
        'not exist; train',
    ):
        trained(path)
    (tmp_path / 'there.pth').write_bytes(b'')
    there = {'model.init_cfg.checkpoint': str(tmp_path / 'there.pth')}
    assert trained(path, cfg_options=there)
