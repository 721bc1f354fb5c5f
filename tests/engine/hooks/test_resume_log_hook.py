"""What was logged after the checkpoint is taken back on a resume."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mmengine.visualization import TensorboardVisBackend
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from tests.engine.hooks.test_random_state_hook import run
from trimodal.engine.hooks import ResumeLogHook

LOCAL = "custom_hooks += [dict(type='KillHook', stage='{}', epoch=2, {})]\n"


def new_runner(folder: Path, *backends: Any, resume: bool = True) -> Any:
    named = {str(index): backend for index, backend in enumerate(backends)}
    visualizer = SimpleNamespace(_vis_backends=named)
    return SimpleNamespace(
        work_dir=str(folder),
        log_dir=str(folder / 'now'),
        visualizer=visualizer,
        _resume=resume,
    )


def write(folder: Path, start: str, *steps: int) -> Path:
    path = folder / start / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'a') as file:
        for step in steps:
            file.write(json.dumps({'step': step}) + '\n')
    return path


def steps(folder: Path) -> list[int]:
    files = sorted(folder.glob('*/vis_data/scalars.json'))
    lines = [line for f in files for line in f.read_text().splitlines()]
    return [json.loads(line)['step'] for line in lines]


def resume(folder: Path, checkpoint: dict[str, Any], **options: Any) -> None:
    hook, runner = ResumeLogHook(), new_runner(folder, **options)
    hook.after_load_checkpoint(runner, checkpoint)
    hook.before_train(runner)
    hook.before_train(runner)  # only once


def test_lines_and_files_after_the_checkpoint(tmp_path: Path):
    first = write(tmp_path, '1', 1, 2)
    checkpoint: dict[str, Any] = {}
    ResumeLogHook().before_save_checkpoint(new_runner(tmp_path), checkpoint)
    assert checkpoint['log_sizes'] == {
        '1/vis_data/scalars.json': len('{"step": 1}\n{"step": 2}\n')
    }
    write(tmp_path, '1', 3)  # then it was killed
    second = write(tmp_path, '2', 3, 4)  # and so was the resumed run
    resume(tmp_path, {}, resume=True)  # a checkpoint of before
    resume(tmp_path, checkpoint, resume=False)  # fine-tuning
    assert steps(tmp_path) == [1, 2, 3, 3, 4]
    resume(tmp_path, checkpoint)
    assert steps(tmp_path) == [1, 2]
    assert Path(f'{first}.cut').read_text() == '{"step": 3}\n'
    assert not second.exists()
    assert Path(f'{second}.cut').read_text().count('\n') == 2


def test_a_checkpoint_of_another_folder(tmp_path: Path):
    write(tmp_path, '1', 1, 2)
    resume(tmp_path, {'log_sizes': {'0/vis_data/scalars.json': 3}})
    assert steps(tmp_path) == [1, 2]


def test_killed_before_the_first_checkpoint(tmp_path: Path):
    """``--resume`` begins anew, and so does the log."""
    kill = LOCAL.format('after_train_iter', 'iteration=3')
    run(tmp_path, 'killed', kill.replace('epoch=2', 'epoch=0'), work='w')
    assert steps(tmp_path / 'work/w') == [2, 4]
    folder = run(tmp_path, 'resumed', '', work='w', resume='auto')
    assert sorted(steps(folder)) == sorted([*range(2, 25, 2), 1, 2, 3, 4])


def test_events_of_tensorboard(tmp_path: Path):
    """Whatever process wrote them: in a container all have one number."""
    folder = tmp_path / '1' / 'vis_data'
    backend = TensorboardVisBackend(save_dir=str(folder))
    for step in (1, 2):
        backend.add_scalar('loss', 0.5, step)
    checkpoint: dict[str, Any] = {}
    hook = ResumeLogHook()
    hook.before_save_checkpoint(new_runner(tmp_path, backend), checkpoint)
    backend.add_scalar('loss', 0.5, 3)
    backend.close()
    resume(tmp_path, checkpoint)
    events = EventAccumulator(str(folder)).Reload().Scalars('loss')
    assert [event.step for event in events] == [1, 2]


def test_what_this_run_has_open_stays(tmp_path: Path):
    first = write(tmp_path, '1', 1)
    checkpoint: dict[str, Any] = {}
    ResumeLogHook().before_save_checkpoint(new_runner(tmp_path), checkpoint)
    write(tmp_path, '1', 2)
    own = tmp_path / 'now' / 'vis_data' / 'events.out.tfevents.1'
    own.parent.mkdir(parents=True)
    own.write_text('open')
    resume(tmp_path, checkpoint)
    assert own.read_text() == 'open'
    assert first.read_text() == '{"step": 1}\n'


@pytest.mark.parametrize(
    ('stage', 'more'),
    [('after_train_iter', 'iteration=16'), ('after_val', '')],
)
def test_no_step_is_there_twice(tmp_path: Path, stage: str, more: str):
    """6 iterations an epoch, each second logged, and 4 validations."""
    run(tmp_path, 'killed', LOCAL.format(stage, more), work='w')
    folder = run(tmp_path, 'resumed', '', work='w', resume='auto')
    lines = [
        json.loads(line)
        for file in sorted(folder.glob('*/vis_data/scalars.json'))
        for line in file.read_text().splitlines()
    ]
    trained = [line['step'] for line in lines if 'loss' in line]
    validated = [line['step'] for line in lines if 'loss' not in line]
    assert trained == list(range(2, 25, 2))
    assert validated == [1, 2, 3, 4]
