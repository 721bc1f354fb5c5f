"""Last and best checkpoints, and what happens to old ones when."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.logging import MessageHub, MMLogger

from tests.engine.hooks.test_random_state_hook import (
    assert_same,
    last_checkpoint,
    logged,
    run,
)
from tests.engine.toy import write_config
from tests.tools.launching import failure_of, run_tool
from trimodal.engine.hooks import CheckpointHook
from trimodal.utils import saving
from trimodal.utils.config import ConfigError
from trimodal.utils.saving import SaveError, save_file


class Run:
    """A runner that validates what it is told to; notes what it saves."""

    def __init__(self, work_dir: Path, **options: Any) -> None:
        self.work_dir, self.epoch, self.iter = str(work_dir), 0, 0
        self.logger = MMLogger.get_instance('checkpoint_hook')
        self._resume = False
        self.message_hub = MessageHub('checkpoint_hook')
        self.max_epochs, self.train_loop = 99, None
        self.events: list[str] = []
        self.options = options
        self.hook = self.new_hook()

    def new_hook(self) -> CheckpointHook:
        hook = CheckpointHook(
            **{'interval': 1, 'save_best': 'acc', **self.options}
        )
        hook.before_train(self)
        remove = hook.file_backend.remove

        def noting(path: str) -> None:
            self.events.append(f'remove {os.path.basename(path)}')
            remove(path)

        hook.file_backend = SimpleNamespace(
            join_path=os.path.join,
            isfile=os.path.isfile,
            isdir=os.path.isdir,
            remove=noting,
        )
        return hook

    def save_checkpoint(self, folder: str, name: str, **options: Any) -> None:
        self.events.append(f'save {name}')
        content = {'hub': self.message_hub.state_dict(), **options}
        save_file(content, os.path.join(folder, name))

    def go(self, *scores: Any) -> 'Run':
        """Epochs with a validation each."""
        for score in scores:
            self.hook.after_train_epoch(self)
            self.epoch += 1
            self.iter += 5
            names = self.options.get('save_best', 'acc')
            values = score if isinstance(score, tuple) else (score,)
            names = [names] if isinstance(names, str) else names
            metrics = dict(zip(names, values, strict=True))
            self.hook.after_val_epoch(self, metrics)
        return self

    def resume(self, name: str) -> None:
        """From a file, as after a kill."""
        content = torch.load(Path(self.work_dir, name))
        self.message_hub = MessageHub('checkpoint_hook')
        self.message_hub.load_state_dict(content['hub'])
        self._resume, self.epoch = True, content['meta']['epoch']
        self.iter = content['meta']['iter']
        self.hook = self.new_hook()

    @property
    def files(self) -> list[str]:
        names = sorted(os.listdir(self.work_dir))
        return [
            n.removesuffix('.pth') for n in names if n != 'last_checkpoint'
        ]


def test_the_last_and_the_best(tmp_path: Path):
    run = Run(tmp_path, max_keep_ckpts=2).go(0.1, 0.9, 0.5, 0.9)
    assert run.files == ['best_acc_epoch_2', 'epoch_3', 'epoch_4']
    pointer = (tmp_path / 'last_checkpoint').read_text()
    assert pointer == str(tmp_path / 'epoch_4.pth')
    assert run.hook.best_ckpt_path == str(tmp_path / 'best_acc_epoch_2.pth')
    best = torch.load(run.hook.best_ckpt_path)
    assert best['save_optimizer'] is best['save_param_scheduler'] is False
    assert torch.load(pointer)['save_optimizer'] is True


def test_an_old_one_goes_after_the_new_one_is_there(tmp_path: Path):
    run = Run(tmp_path, max_keep_ckpts=1).go(0.1, 0.2)
    assert run.events == [
        'save epoch_1.pth',
        'save best_acc_epoch_1.pth',
        'save epoch_1.pth',  # knows of the best one
        'save epoch_2.pth',
        'remove epoch_1.pth',
        'save best_acc_epoch_2.pth',
        'save epoch_2.pth',
        'remove best_acc_epoch_1.pth',
    ]


@pytest.mark.parametrize('after', range(2, 9))
def test_a_kill_anywhere_leaves_nothing_behind(tmp_path: Path, after: int):
    """Whatever was done last: the resumed run ends with the same files."""
    run = Run(tmp_path, max_keep_ckpts=1)
    remove, save = os.remove, run.save_checkpoint

    def stop() -> None:
        if len(run.events) > after:
            raise KeyboardInterrupt

    def save_or_stop(*args: Any, **options: Any) -> None:
        stop()
        save(*args, **options)
        stop()

    run.save_checkpoint = save_or_stop
    run.hook.file_backend.remove = lambda path: (
        run.events.append(path),
        stop(),
        remove(path),
    )
    with pytest.raises(KeyboardInterrupt):
        run.go(0.1, 0.2, 0.3)
    run.events, run.save_checkpoint = [], save
    last = Path((tmp_path / 'last_checkpoint').read_text()).name
    (tmp_path / 'epoch_9.pth.tmp').touch()
    run.resume(last)
    run.hook.after_val_epoch(run, {'acc': run.epoch / 10})
    run.go(*[0.1 * (i + 1) for i in range(run.epoch, 3)])
    assert run.files == ['best_acc_epoch_3', 'epoch_3']


def test_top_k(tmp_path: Path):
    run = Run(tmp_path, save_top_k=2, max_keep_ckpts=1)
    run.go(0.5, 0.7, float('nan'), 0.6, 0.6, None, 0.8)
    info = run.message_hub.runtime_info
    assert info['top_ckpts'] == [
        [0.8, 'best_acc_epoch_7.pth'],
        [0.7, 'best_acc_epoch_2.pth'],
    ]
    assert info['best_score'] == 0.8
    assert run.files == ['best_acc_epoch_2', 'best_acc_epoch_7', 'epoch_7']
    run = Run(tmp_path / 'all', save_top_k=-1, max_keep_ckpts=1)
    assert len(run.go(0.5, 0.7, 0.1).files) == 4


def test_several_metrics(tmp_path: Path):
    names = ['x/acc', 'x/loss']
    run = Run(tmp_path, save_best=names, save_top_k=2, max_keep_ckpts=1)
    run.go((0.5, 0.5), (0.9, 0.6), (0.7, 0.1), (0.8, 0.05))
    assert run.files == [
        'best_x_acc_epoch_2',
        'best_x_acc_epoch_4',
        'best_x_loss_epoch_3',
        'best_x_loss_epoch_4',
        'epoch_4',
    ]
    best = run.hook.best_ckpt_path_dict
    assert os.path.basename(best['x/acc']) == 'best_x_acc_epoch_2.pth'
    assert os.path.basename(best['x/loss']) == 'best_x_loss_epoch_4.pth'
    run.resume('epoch_4.pth')
    assert run.hook.best_ckpt_path_dict == best


def test_a_best_one_between_two_that_are_due(tmp_path: Path):
    """Old best ones stay until a checkpoint knows that they are old."""
    run = Run(tmp_path, interval=3).go(0.1, 0.2, 0.3, 0.4)
    expected = ['best_acc_epoch_3', 'best_acc_epoch_4', 'epoch_3']
    assert run.files == expected
    run.go(0.1, 0.2)
    assert run.files == ['best_acc_epoch_4', 'epoch_3', 'epoch_6']
    never = Run(tmp_path / 'never', interval=-1).go(0.1, 0.2)
    assert never.files == ['best_acc_epoch_2']


def test_a_work_folder_that_was_moved(tmp_path: Path):
    Run(tmp_path / 'old', max_keep_ckpts=1).go(0.5)
    (tmp_path / 'old').rename(tmp_path / 'new')
    run = Run(tmp_path / 'new', max_keep_ckpts=1)
    run.resume('epoch_1.pth')
    new = str(tmp_path / 'new' / 'best_acc_epoch_1.pth')
    assert run.hook.best_ckpt_path == new
    assert run.go(0.6).files == ['best_acc_epoch_2', 'epoch_2']


def test_a_checkpoint_of_mmengine(tmp_path: Path):
    """It knows the best one, but no list of them."""
    run = Run(tmp_path).go(0.5)
    run.message_hub.pop_info('top_ckpts')
    run.hook = run.new_hook()
    assert run.go(0.4, 0.6).files[0] == 'best_acc_epoch_3'
    assert 'best_acc_epoch_1' not in run.files


def test_a_full_disk(tmp_path: Path):
    run = Run(tmp_path, max_keep_ckpts=1).go(0.5)
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}

    def full(folder: str, name: str, **_: Any) -> None:
        raise SaveError(f'{name} could not be saved: No space')

    run.save_checkpoint = full
    with pytest.raises(SaveError) as error:
        run.go(0.6)
    assert str(error.value) == (
        'epoch_2.pth could not be saved: No space; the last good one is '
        f'{tmp_path}/epoch_1.pth. Make room (max_keep_ckpts and save_top_k '
        'keep fewer) and go on with --resume'
    )
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_wrong_arguments(tmp_path: Path):
    for name in ('interval', 'max_keep_ckpts', 'save_top_k'):
        with pytest.raises(ValueError, match=f'{name}=0: must be at least 1'):
            CheckpointHook(**{name: 0})
    for name, value in (('interval', 1.5), ('save_begin', -1)):
        with pytest.raises(ValueError, match=f'{name}={value}: must be'):
            CheckpointHook(**{name: value})
    run = Run(tmp_path)
    match = "save_best='acc' is no metric of the validation, which gives mAP"
    with pytest.raises(ConfigError, match=match):
        run.hook.after_val_epoch(run, {'mAP': 0.5})


def test_a_full_disk_in_a_real_run(tmp_path: Path, monkeypatch):
    """One line; then there is room, and the run goes on."""
    config = write_config(tmp_path)
    options = (config, '--work-dir', tmp_path / 'w', '--no-test')
    write = saving._write_all

    def full(file: Any, data: bytes) -> None:
        if 'epoch_3' in file.name:
            raise OSError(errno.ENOSPC, 'No space left on device')
        write(file, data)

    with monkeypatch.context() as patch:
        patch.setattr(saving, '_write_all', full)
        error = failure_of(patch, 'train', *options)
    assert f'{tmp_path}/w/epoch_3.pth could not be saved: No space' in error
    assert f'the last good one is {tmp_path}/w/epoch_2.pth' in error
    names = sorted(path.name for path in (tmp_path / 'w').glob('*.pth*'))
    assert [name for name in names if 'best' not in name] == [
        'epoch_1.pth',
        'epoch_2.pth',
    ]
    run_tool(monkeypatch, 'train', *options, '--resume')
    assert (tmp_path / 'w' / 'epoch_4.pth').is_file()


def test_a_broken_newest_one_changes_nothing(tmp_path: Path, capsys):
    """Killed in epoch 3, epoch 2 is damaged: on from epoch 1."""
    kill = "dict(type='KillHook', stage='after_train_iter', epoch=2)"
    folder = run(tmp_path, 'killed', f'custom_hooks += [{kill}]\n', work='w')
    path = folder / 'epoch_2.pth'
    path.write_bytes(path.read_bytes()[:-1000])
    capsys.readouterr()
    run(tmp_path, 'resumed', '', work='w', resume='auto')
    said = capsys.readouterr().out
    assert f'{path} is broken: it is cut off. Going on from the one' in said
    assert f'before it, {folder}/epoch_1.pth.' in said
    straight = run(tmp_path, 'straight', '')
    assert_same(last_checkpoint(folder), last_checkpoint(straight))
    assert logged(folder) == logged(straight)


def test_a_resume_in_the_midst_of_an_epoch_is_said(tmp_path: Path, capsys):
    extra = (
        'default_hooks.update(checkpoint=dict(by_epoch=False, interval=4))\n'
    )
    kill = "dict(type='KillHook', stage='after_train_iter', epoch=1)"
    killed = f'{extra}custom_hooks += [{kill}]\n'
    run(tmp_path, 'killed', killed, work='w')
    capsys.readouterr()
    run(tmp_path, 'resumed', extra, work='w', resume='auto')
    said = capsys.readouterr().out
    assert 'saved after 4 batches of epoch 1, which begins anew' in said


TOP_2 = """
default_hooks['checkpoint'].update(
    save_best=['accuracy/sure', 'accuracy/top1'], rule='greater',
    save_top_k=2, max_keep_ckpts=2, interval=2)
"""


def test_in_a_real_run(tmp_path: Path):
    """Killed in epoch 4, resumed from 2."""
    kill = "dict(type='KillHook', stage='after_val', epoch=3)"
    extra = f'default_hooks = dict(checkpoint=dict())\n{TOP_2}'
    killed = f'{extra}custom_hooks += [{kill}]\n'
    folder = run(tmp_path, 'killed', killed, work='w')
    run(tmp_path, 'resumed', extra, work='w', resume='auto')
    straight = run(tmp_path, 'straight', extra)
    names = [
        sorted(p.name for p in d.glob('*.pth*')) for d in (folder, straight)
    ]
    assert names[0] == names[1]
    assert {'epoch_2.pth', 'epoch_4.pth'} < set(names[0])
    assert len(names[0]) == 6


@pytest.mark.parametrize('runner', ['Runner', 'FlexibleRunner'])
def test_a_file_says_where_the_run_is(runner: str, tmp_path: Path):
    """Also one that is saved again after the validation, as the best."""
    extra = (
        f"runner_type = '{runner}'\nlearn = dict(type='AdamW', lr=0.005)\n"
        'optim_wrapper = dict(optimizer=learn)\n'
        "default_hooks['checkpoint'] = dict(\n"
        "    max_keep_ckpts=-1, save_top_k=-1, save_best='accuracy/sure')\n"
    )
    folder = run(tmp_path, 'w', extra)
    found = {
        path.name: torch.load(path)['meta']
        for path in folder.glob('*.pth')
        if 'best' in path.name
        or (folder / f'best_accuracy_sure_{path.name}').exists()
    }
    assert len(found) >= 4
    for name, meta in found.items():
        epoch = int(name.split('_')[-1].removesuffix('.pth'))
        assert (meta['epoch'], meta['iter']) == (epoch, 6 * epoch), name


def test_where_what_and_under_which_name(tmp_path: Path):
    """Another folder and name, the last one alone, without more in it."""
    extra = (
        "default_hooks['checkpoint'] = dict(interval=9, save_best=None,\n"
        f"    out_dir=r'{tmp_path / 'elsewhere'}',\n"
        "    filename_tmpl='e{:03d}.pth', save_param_scheduler=False,\n"
        "    published_keys=['meta', 'state_dict'])\n"
    )
    folder = run(tmp_path, 'w', extra)
    saved = tmp_path / 'elsewhere' / 'w'
    published, whole = sorted(saved.glob('*.pth'))
    assert whole.name == 'e004.pth'
    assert (folder / 'last_checkpoint').read_text() == str(whole)
    content = torch.load(whole)
    assert 'param_schedulers' not in content
    assert 'optimizer' in content
    assert set(torch.load(published)) == {'meta', 'state_dict'}
    no_last = extra.replace('interval=9', 'interval=9, save_last=False')
    run(tmp_path, 'none', no_last)
    assert not list((tmp_path / 'elsewhere').glob('none/*.pth'))
