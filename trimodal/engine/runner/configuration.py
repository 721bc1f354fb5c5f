"""From a config file and the command line to the config of a run.

What the command line says goes before what the config file says, and that
before what the file's name implies (the work folder).
"""

from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from trimodal.engine.runner.compiling import use_compile
from trimodal.engine.runner.config_checks import check_numbers
from trimodal.engine.runner.iterations import count_iterations
from trimodal.engine.runner.key_checks import check_keys, check_stages
from trimodal.engine.runner.optimizer_checks import check_optimizers
from trimodal.engine.runner.options import TestOptions, TrainOptions
from trimodal.engine.runner.resuming import (
    existing_checkpoint,
    resumable_checkpoint,
)
from trimodal.utils.config import ConfigError, load_config

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def train_config(path: str, options: TrainOptions) -> Config:
    """The config of a training run.

    Args:
        path (str): Config file.
        options (TrainOptions): The command line.

    Returns:
        Config: Ready for :func:`trimodal.engine.runner.build_runner`.

    Raises:
        ConfigError: If config and options do not fit together.
    """
    config = load_config(path, options.cfg_options)
    _require(config, path, 'train_dataloader', 'train_cfg', 'optim_wrapper')
    _set_work_dir(config, path, options.work_dir)
    config.launcher = options.launcher
    hook = (config.get('default_hooks') or {}).get('resume_log')
    if hook:  # a config that an earlier start has kept may say so
        hook.pop('begin_anew', None)
    count_iterations(config)
    use_compile(config)
    if options.amp:
        _use_amp(config)
    if options.auto_scale_lr:
        _use_auto_scale_lr(config)
    randomness = dict(config.get('randomness') or {'seed': None})
    if options.seed is not None:
        randomness['seed'] = options.seed
    if options.deterministic:
        randomness['deterministic'] = True
    config.randomness = randomness
    if options.benchmark:
        _use_benchmark(config)
    if options.detect_anomaly:
        config.detect_anomaly = True
    if options.profiler is not None:
        _use_profiler(config, options.profiler)
    if options.debug:
        _use_debug(config)
    if options.fast_dev_run:
        _use_fast_dev_run(config)
    if options.resume is not None:
        _set_resume(config, options.resume)
    elif config.get('resume') and not config.get('load_from'):
        _set_resume(config, 'auto')
    if 'type' not in config.train_cfg and 'max_iters' in config.train_cfg:
        config.train_cfg.pop('by_epoch', None)
        config.train_cfg.type = 'IterBasedTrainLoop'
    check_keys(config)
    check_numbers(config)
    check_optimizers(config)
    _check_pretrained(config.get('model') or {})
    return config


def test_config(path: str, checkpoint: str, options: TestOptions) -> Config:
    """The config of a test run.

    Args:
        path (str): Config file.
        checkpoint (str): File or URL of the weights.
        options (TestOptions): The command line.

    Returns:
        Config: Ready for :func:`trimodal.engine.runner.build_runner`.

    Raises:
        ConfigError: If config, checkpoint and options do not fit together.
    """
    config = load_config(path, options.cfg_options)
    _require(config, path, 'test_dataloader', 'test_cfg', 'test_evaluator')
    check_stages(config)
    _set_work_dir(config, path, options.work_dir)
    if options.work_dir is None:
        # The folder of the training keeps the config it was trained with.
        config.work_dir = str(Path(config.work_dir) / 'test')
    config.launcher = options.launcher
    config.load_from = existing_checkpoint(checkpoint)
    config.resume = False
    config.compile = False  # a few batches are not worth it
    if options.subsets:
        config.test_cfg = ConfigDict(config.test_cfg, type='SubsetTestLoop')
    if options.tta:
        _use_tta(config, path)
    if options.out and Path(options.out).suffix not in ('.pkl', '.json'):
        raise ConfigError(f'--out {options.out}: must end in .pkl or .json')
    return config


test_config.__test__ = False  # type: ignore[attr-defined]


def _check_pretrained(item: Any, path: str = 'model') -> None:
    """Find weights that are not there before anything is built.

    Raises:
        ConfigError: If an ``init_cfg`` names a file that does not exist.
    """
    entries = item.items() if isinstance(item, dict) else enumerate(item)
    for key, value in entries:
        name = f'{path}.{key}'
        if key == 'checkpoint' and path.endswith('init_cfg'):
            if '://' not in value and not Path(value).is_file():
                raise ConfigError(
                    f'{name}: {value} does not exist; train the config that '
                    'makes it first, or name another file with '
                    f'--cfg-options {name}=FILE'
                )
        elif isinstance(value, dict | list | tuple):
            _check_pretrained(value, name)


def _require(config: Config, path: str, *keys: str) -> None:
    missing = [key for key in keys if config.get(key) is None]
    if missing:
        raise ConfigError(f'{path} does not define {", ".join(missing)}')


def _set_work_dir(config: Config, path: str, work_dir: str | None) -> None:
    if work_dir is not None:
        config.work_dir = work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / Path(path).stem)


def _set_resume(config: Config, resume: str) -> None:
    schedules = bool(config.get('param_scheduler'))
    found = resumable_checkpoint(config.work_dir, resume, schedules)
    # Without a checkpoint to go on from, the run simply starts.
    config.resume = found is not None
    if found is not None:
        config.load_from = found
    elif (config.get('default_hooks') or {}).get('resume_log'):
        config.default_hooks.resume_log.begin_anew = True


def _use_amp(config: Config) -> None:
    wrapper = config.optim_wrapper
    kind = wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ConfigError(
            f'--amp needs optim_wrapper.type=OptimWrapper, not {kind}'
        )
    wrapper.type = 'AmpOptimWrapper'


def _use_auto_scale_lr(config: Config) -> None:
    if not (config.get('auto_scale_lr') or {}).get('base_batch_size'):
        raise ConfigError(
            '--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...) '
            'in the config: the batch size that its learning rate is for'
        )
    config.auto_scale_lr.enable = True


def _use_benchmark(config: Config) -> None:
    if config.randomness.get('deterministic'):
        raise ConfigError(
            '--benchmark chooses algorithms by their time, which is never '
            'deterministic; leave out it or --deterministic'
        )
    config.env_cfg = ConfigDict(config.get('env_cfg') or {})
    config.env_cfg.cudnn_benchmark = True


def _use_profiler(config: Config, profiler: str) -> None:
    hooks = {'simple': 'SimpleProfilerHook', 'pytorch': 'PyTorchProfilerHook'}
    if profiler not in hooks:
        raise ConfigError(
            f'--profiler must be one of {sorted(hooks)}, got {profiler!r}'
        )
    hook = ConfigDict(type=hooks[profiler])
    config.custom_hooks = [*(config.get('custom_hooks') or []), hook]


def _use_debug(config: Config) -> None:
    config.log_level = 'DEBUG'
    config.detect_anomaly = True
    for key in LOADERS:
        loader = config.get(key)
        if loader is not None:
            loader.num_workers, loader.persistent_workers = 0, False
            loader.pop('prefetch_factor', None)


def _use_fast_dev_run(config: Config) -> None:
    config.work_dir = str(Path(config.work_dir) / 'fast_dev_run')
    hooks = config.setdefault('default_hooks', ConfigDict())
    hooks.checkpoint = None
    hooks.logger = ConfigDict(hooks.get('logger') or {'type': 'LoggerHook'})
    hooks.logger.interval = 1
    train = config.train_cfg
    unit = 'max_epochs' if 'max_epochs' in train else 'max_iters'
    train[unit] = 1
    for key in ('val_interval', 'val_begin'):
        if key in train or 'by_epoch' in train:
            train[key] = 1
    train.pop('dynamic_intervals', None)
    for hook in config.get('custom_hooks') or ():
        for key in ('begin_epoch', 'begin_iter'):  # of averages
            if key in hook:
                hook[key] = 0
        if hook.get('type') == 'PyTorchProfilerHook':  # of one iteration
            hook.wait = hook.warmup = 0
    if config.get('auto_scale_lr'):
        config.auto_scale_lr.enable = False


def _use_tta(config: Config, path: str) -> None:
    missing = [k for k in ('tta_model', 'tta_pipeline') if k not in config]
    if missing:
        raise ConfigError(f'--tta: {path} does not define {missing[0]}')
    dataset = config.test_dataloader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    dataset.pipeline = config.tta_pipeline
    config.model = ConfigDict(config.tta_model, module=config.model)
