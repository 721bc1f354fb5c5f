"""Training and testing as ``tools/train.py`` and ``tools/test.py`` do it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import barrier, is_main_process
from mmengine.fileio import dump
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel

from trimodal.engine.runner.best import best_checkpoint
from trimodal.engine.runner.building import build_runner
from trimodal.engine.runner.config_checks import check_parts
from trimodal.engine.runner.configuration import test_config, train_config
from trimodal.engine.runner.data_checks import check_data
from trimodal.engine.runner.ending import one_ending
from trimodal.engine.runner.first_batches import first_batches
from trimodal.engine.runner.interruption import telling_how_to_go_on
from trimodal.engine.runner.options import TestOptions, TrainOptions
from trimodal.engine.runner.predictions import PredictionCollector, to_plain
from trimodal.engine.runner.processes import (
    check_iterations,
    explained,
    one_of_several,
)
from trimodal.engine.runner.resumed_run import ResumedRunHook
from trimodal.engine.runner.schedule_checks import prepare_schedules
from trimodal.engine.runner.summary import format_metrics
from trimodal.engine.runner.user_errors import starting, user_errors
from trimodal.utils.config import ConfigError


def train(path: str, options: TrainOptions) -> dict[str, Any]:
    """Train, then test the best checkpoint.

    Args:
        path (str): Config file.
        options (TrainOptions): The command line.

    Returns:
        dict[str, Any]: Metrics of the test; empty if there was none.

    Raises:
        ConfigError: If something in config or options is wrong. With
            ``debug`` the original error is raised instead.
    """
    config = train_config(path, options)
    if config.randomness.get('deterministic'):
        # cuBLAS reads it when it starts; without it CUDA refuses to run.
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    with (
        one_of_several(options.launcher),
        torch.autograd.set_detect_anomaly(bool(config.get('detect_anomaly'))),
    ):
        return _train(config, options)


def test(path: str, checkpoint: str, options: TestOptions) -> dict[str, Any]:
    """Test a checkpoint.

    Args:
        path (str): Config file.
        checkpoint (str): File or URL of the weights.
        options (TestOptions): The command line.

    Returns:
        dict[str, Any]: The metrics.

    Raises:
        ConfigError: If something in config, checkpoint or options is wrong.
    """
    config = test_config(path, checkpoint, options)
    with one_of_several(options.launcher):
        return _test(config, options)


test.__test__ = False  # type: ignore[attr-defined]


def _train(config: Config, options: TrainOptions) -> dict[str, Any]:
    with user_errors(config, options.debug):
        runner = build_runner(config)
    with _leaving_no_name(runner), one_ending(runner, options.test):
        with user_errors(config, options.debug):
            _build_parts(runner, options.fast_dev_run)
        runner.register_hook(ResumedRunHook())
        if config.get('resume'):
            runner.register_hook(_WeightsMustMatch())
        with (
            starting(runner, options.debug),
            explained(runner),
            telling_how_to_go_on(runner),
        ):
            runner.train()
        if not options.test or runner.test_loop is None:
            return {}
        return _test_best(runner, in_memory=options.fast_dev_run)


def _test(config: Config, options: TestOptions) -> dict[str, Any]:
    with user_errors(config):
        runner = build_runner(config)
    with _leaving_no_name(runner):
        return _test_with(runner, config, options)


def _test_with(
    runner: Runner, config: Config, options: TestOptions
) -> dict[str, Any]:
    with user_errors(config):
        evaluator = runner.test_loop.evaluator
        check_data(runner)
    runner.register_hook(_WeightsMustMatch())
    collector = PredictionCollector()
    if options.out is not None:
        evaluator.metrics.append(collector)
    with explained(runner):
        metrics = runner.test()
    if not options.subsets:  # those have a table of their own
        runner.logger.info(f'\n{format_metrics(metrics)}')
    if options.out is not None and is_main_process():
        _write(options.out, collector.predictions, metrics)
        runner.logger.info(f'Predictions and metrics: {options.out}')
    return metrics


class _WeightsMustMatch(Hook):
    """mmengine only warns when weights are missing, and tests random ones."""

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        model = runner.model
        while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
            if isinstance(model, FullyShardedDataParallel):
                break  # inside it are parts; it gives the whole to rank 0
            model = model.module
        saved = checkpoint.get('state_dict', checkpoint)
        missing, differing = [], []
        for name, value in model.state_dict().items():
            if name not in saved:
                missing.append(name)
            elif saved[name].shape != value.shape:
                differing.append(name)
        for what, names in (('lacks', missing), ('differs in', differing)):
            if names:
                more = f' and {len(names) - 3} more' if len(names) > 3 else ''
                raise ConfigError(
                    f'the checkpoint is of another model than the config: it '
                    f'{what} {", ".join(names[:3])}{more}'
                )


def _build_parts(runner: Runner, only_first_batch: bool) -> None:
    """Build loaders, metrics and optimizer: their errors come at once."""
    if only_first_batch:
        for name in ('train', 'val', 'test'):
            key = f'_{name}_dataloader'
            loader = getattr(runner, key)
            if loader is not None:
                loader = runner.build_dataloader(loader, seed=runner.seed)
                setattr(runner, key, first_batches(loader, 1))
    _check_batches(runner.train_loop)
    check_iterations(runner.train_loop.dataloader)
    for loop in ('val_loop', 'test_loop'):
        getattr(runner, loop)
    check_data(runner)
    prepare_schedules(runner, trial=only_first_batch)
    if isinstance(runner, Runner):
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    elif isinstance(runner.model, nn.Module):
        # Its strategy will build it later. Here only for what is wrong.
        build_optim_wrapper(runner.model, deepcopy(runner.optim_wrapper))
    check_parts(runner)


def _check_batches(loop: Any) -> None:
    """A training set smaller than a batch, with ``drop_last``, gives none."""
    loader = loop.dataloader
    if not len(loader):
        raise ConfigError(
            f'train_dataloader gives no batch: {len(loader.dataset)} samples '
            'are fewer than its batch_size and drop_last is set; choose a '
            'smaller batch_size'
        )


def _test_best(runner: Runner, in_memory: bool) -> dict[str, Any]:
    barrier()  # rank 0 may still be writing
    path = None if in_memory else best_checkpoint(runner)
    # Not a resume: a checkpoint's state_dict is the averaged weights when
    # there are any (EMA), and those are to be tested.
    runner._resume, runner._load_from = False, path
    runner._has_loaded = path is None
    with explained(runner):
        metrics = runner.test()
    tested = 'the weights in memory' if path is None else Path(path).name
    runner.logger.info(
        f'Tested {tested}\n{format_metrics(metrics)}\n'
        f'Checkpoints: {runner.work_dir}\n'
        f'Logs and curves: {runner.log_dir}'
    )
    return metrics


def _write(path: str, predictions: list[Any], metrics: dict[str, Any]) -> None:
    content = {'metrics': metrics, 'predictions': predictions}
    if path.endswith('.json'):
        content = to_plain(content)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    dump(content, path)


@contextmanager
def _leaving_no_name(runner: Runner) -> Iterator[None]:
    """What a run writes with is its own, also if another one has its name.

    mmengine keeps loggers, message hubs and visualizers by the name of the
    experiment, which ends with the second that it began in. A run of the same
    config that begins in the same second would write to the first one's files.
    """
    try:
        yield
    finally:
        for part in (runner.logger, runner.message_hub, runner.visualizer):
            type(part)._instance_dict.pop(part.instance_name, None)
