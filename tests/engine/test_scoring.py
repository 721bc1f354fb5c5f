"""Metrics beside a run are those of a validation."""

from pathlib import Path

import pytest
from mmengine.hooks import Hook

from tests.engine.toy import write_config
from trimodal.engine.runner import TrainOptions, build_runner, train_config
from trimodal.engine.scoring import score

NO_HOOKS = "custom_hooks = []\ndefault_hooks['checkpoint'] = None\n"


class Loud(Hook):
    """Fails when it is told of a validation."""

    def before_val_epoch(self, runner) -> None:
        raise AssertionError


def test_score_is_that_of_a_validation(tmp_path: Path):
    config = write_config(tmp_path, extra=NO_HOOKS)
    options = TrainOptions(work_dir=str(tmp_path / 'w'))
    runner = build_runner(train_config(config, options))
    metrics = runner.val_loop.run()
    runner.register_hook(Loud())
    assert score(runner.model, runner.val_loop) == metrics
    assert score(runner.model, runner.test_loop) == metrics
    assert not runner.model.training
    with pytest.raises(AssertionError):
        runner.val_loop.run()
