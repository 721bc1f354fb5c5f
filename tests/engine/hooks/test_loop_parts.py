"""Which parts are told of, in which order."""

from pathlib import Path
from typing import Any

from mmengine.hooks import Hook

from tests.engine.toy import write_config
from trimodal.engine.hooks.loop_parts import PARTS, LoopParts
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS


@HOOKS.register_module()
class NotesHook(Hook):
    """Keeps what it is told of the first epoch, with the depth."""

    priority = 100
    notes: list[tuple[int, str]] = []
    depth = 0
    runner: Any = None

    def begin(self, name: str) -> None:
        self.notes.append((self.depth, name))
        NotesHook.depth += 1

    def end(self, name: str) -> None:
        NotesHook.depth -= 1

    def before_train(self, runner: Any) -> None:
        NotesHook.depth, NotesHook.runner = 0, runner
        self.notes.clear()
        self.parts = LoopParts(self)
        self.parts.attach(runner)

    def after_train(self, runner: Any) -> None:
        self.parts.detach()
        NotesHook.depth -= 1


EXTRA = """
custom_imports['imports'] += ['tests.engine.hooks.test_loop_parts']
custom_hooks += [dict(type='NotesHook')]
train_dataloader['dataset']['size'] = 8
train_cfg['max_epochs'] = 1
"""


def test_parts_of_an_epoch(tmp_path: Path):
    options = TrainOptions(work_dir=str(tmp_path), test=False)
    train(write_config(tmp_path, 'parts', EXTRA), options)
    named = [name for depth, name in NotesHook.notes if depth == 0]
    parts = [name for name in named if name in PARTS]
    step = [
        *('data wait', 'checkpoint', 'preprocessing', 'forward'),
        *('backward', 'optimizer', 'optimizer', 'checkpoint'),
    ]
    assert parts == [
        *('checkpoint', *step, *step),  # before_train_epoch first
        *('data wait', 'checkpoint', 'validation'),
        *('data wait', 'checkpoint'),
    ]
    hooks = [name for name in named if name not in PARTS]
    assert hooks.count('EMAHook.after_train_iter') == 2
    inner = [name for depth, name in NotesHook.notes if depth]
    # The three batches of the validation are its own.
    assert inner.count('forward') == 3
    assert 'RandomStateHook.before_save_checkpoint' in inner


def test_detached_is_as_before(tmp_path: Path):
    options = TrainOptions(work_dir=str(tmp_path), test=False)
    train(write_config(tmp_path, 'detached', EXTRA), options)
    runner = NotesHook.runner
    assert 'call_hook' not in vars(runner)
    # As the schedulers left it: they count its calls.
    assert runner.optim_wrapper.step._with_counter
    assert 'watched' not in repr(runner.optim_wrapper.step.__code__)
    assert 'backward' not in vars(runner.optim_wrapper)
    assert 'run' not in vars(runner.val_loop)
    model = runner.model
    for module in (model, model.data_preprocessor):
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
