"""What docs/recipes.md advises, tried: too little memory, too large steps.

    python benchmarks/recipes.py [--parts memory stability]

Memory: one optimizer step of 64 samples on the small model of configs/demo,
its speech encoder with sixteen layers. Each recipe's peak is what its tensors
take above what was there before training; then it runs again where the
process may grow by no more than 85 % of what the plain step needs
(RLIMIT_DATA): that must fail, with the error a user would see, and the
recipes must not.

Stability: the gesture encoder alone, trained on 400 samples for six epochs
with SGD, at a learning rate that is right, at one too large and one far too
large, and these with what should mend them. The best of these is not the
point: which of them learn at all is.

Both train as tools/train.py does, with the settings that the page shows. The
data are the demo's (bash tools/quickstart.sh makes them). Prints tables and,
as its last line, a JSON object.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measuring import peak_memory
from trimodal.engine.runner import TrainOptions, build_runner, train_config
from trimodal.utils.config import RunError

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'configs' / 'demo' / 'concat_small_b16-20e_demo.py'
DATA = Path('data/demo_packed')
QUIET = {
    'default_hooks.checkpoint': None,
    'visualizer.vis_backends': [],
    'log_level': 'ERROR',
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'val_dataloader.num_workers': 0,
    'val_dataloader.persistent_workers': False,
}

BATCH = {
    'train_dataloader.batch_size': 64,
    'train_dataloader.dataset.indices': 64,
    'model.encoders.speech.num_layers': 16,
    'train_cfg.max_epochs': 1,
    'train_cfg.val_interval': 2,
}
ACCUMULATION = {
    'train_dataloader.batch_size': 16,
    'optim_wrapper.accumulative_counts': 4,
}
CHECKPOINT = {'model.encoders.speech.with_cp': True}
AMP = {'--amp': True}
MEMORY: dict[str, dict[str, Any]] = {
    'batch of 64': {},
    'accumulation, 4 x 16': ACCUMULATION,
    'gradient checkpointing': CHECKPOINT,
    'bfloat16': AMP,
}
ALLOWED = 0.85  # of what the process of the plain step takes

ALONE = 'gesture'
RIGHT, LARGE, FAR = 0.005, 0.02, 0.5
SGD = {
    'optim_wrapper.optimizer': {
        '_delete_': True,
        'type': 'SGD',
        'lr': RIGHT,
        'momentum': 0.9,
        'weight_decay': 1e-4,
    },
    'optim_wrapper.clip_grad': None,
    'param_scheduler': [],
    'train_cfg.max_epochs': 6,
    'train_cfg.val_interval': 6,
}
LR = 'optim_wrapper.optimizer.lr'
CLIP = {'optim_wrapper.clip_grad': {'max_norm': 0.1}}
SKIP = {'default_hooks.nonfinite.skip': True}
# 150 iterations in all.
WARM_UP = {
    'param_scheduler': [
        {
            'type': 'LinearLR',
            'start_factor': 0.01,
            'by_epoch': False,
            'end': 50,
        },
        {
            'type': 'CosineAnnealingLR',
            'by_epoch': False,
            'begin': 50,
            'end': 150,
            'T_max': 100,
        },
    ]
}
EMA = {'custom_hooks': [{'type': 'EMAHook', 'momentum': 0.05}]}
STABILITY: dict[str, dict[str, Any]] = {
    f'lr {RIGHT}': {},
    f'lr {FAR}': {LR: FAR},
    f'lr {FAR}, steps left out': {LR: FAR, **SKIP},
    f'lr {FAR}, clipped': {LR: FAR, **CLIP},
    f'lr {FAR}, clipped, EMA': {LR: FAR, **CLIP, **EMA},
    f'lr {LARGE}': {LR: LARGE},
    f'lr {LARGE}, EMA': {LR: LARGE, **EMA},
    f'lr {LARGE}, clipped': {LR: LARGE, **CLIP},
    f'lr {LARGE}, warm-up and decay': {LR: LARGE, **WARM_UP},
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ['memory', 'stability']
    parser.add_argument('--parts', nargs='+', default=parts, choices=parts)
    parser.add_argument('--recipes', nargs='+', help='names, or all')
    return parser.parse_args()


def new_runner(
    options: Mapping[str, Any], folder: str, keep: str | None = None
) -> Runner:
    """A runner of the demo's config.

    Args:
        options (Mapping[str, Any]): Dotted keys to values; ``--amp``, too.
        folder (str): Work folder.
        keep (str | None): The one modality of the model. Defaults to None:
            all.

    Returns:
        Runner: Ready to train.
    """
    settings = {**QUIET, 'experiment_name': Path(folder).name, **options}
    amp = settings.pop('--amp', False)
    config = train_config(
        str(CONFIG),
        TrainOptions(work_dir=folder, amp=amp, cfg_options=settings),
    )
    if keep is not None:
        use_one_modality(config, keep)
    runner = build_runner(config)
    runner.train_loop  # noqa: B018 reads the data set's index
    return runner


def use_one_modality(config: Config, name: str) -> None:
    """Leave the other encoders out."""
    model = config.model
    for parts in (model.encoders, model.data_preprocessor.modalities):
        for other in set(parts) - {name}:
            del parts[other]
    model.fusion.modalities = (name,)
    model.pop('modality_dropout', None)


def peak_of(options: Mapping[str, Any]) -> float:
    """MiB of tensors while training."""
    with tempfile.TemporaryDirectory() as folder:
        return peak_memory(new_runner(options, folder).train) / 2**20


def own(what: str) -> float:
    """MiB of this process, by a name in /proc/self/status."""
    status = Path('/proc/self/status').read_text()
    return int(status.partition(f'{what}:')[2].split()[0]) / 1024


def growth_of(options: Mapping[str, Any]) -> float:
    """MiB that the process grows by while training."""
    with tempfile.TemporaryDirectory() as folder:
        runner = new_runner(options, folder)
        before = own('VmSize')
        runner.train()
    return own('VmPeak') - before


def outcome_within(options: Mapping[str, Any], limit: float) -> str:
    """What training ends with where only ``limit`` MiB may be allocated."""
    with tempfile.TemporaryDirectory() as folder:
        runner = new_runner(options, folder)
        allowed = int((own('VmData') + limit) * 2**20)
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, allowed))
        try:
            runner.train()
        except (RuntimeError, MemoryError) as error:
            return f'fails: {str(error).splitlines()[0]}'
    return 'fits'


def in_child(function: Callable, *args: Any) -> Any:
    """Call in a process of its own, which begins as this one is now."""
    with multiprocessing.get_context('fork').Pool(1) as pool:
        return pool.apply(function, args)


def try_memory(name: str, limit: float | None) -> dict[str, Any]:
    """Peak, and what happens within the limit; the first sets it."""
    options = {**BATCH, **MEMORY[name]}
    peak = in_child(peak_of, options)
    if limit is None:
        limit = ALLOWED * in_child(growth_of, options)
    outcome = in_child(outcome_within, options, limit)
    return {'peak_mib': peak, 'limit_mib': limit, 'outcome': outcome}


class Record(Hook):
    """Keeps the loss of each step."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.losses: list[float] = []

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Add that of this one."""
        assert outputs is not None
        self.losses.append(float(outputs['loss'].detach()))


def try_stability(name: str) -> dict[str, Any]:
    """Losses, accuracy, and what the run ended with."""
    record = Record()
    options = {**SGD, **STABILITY[name]}
    with tempfile.TemporaryDirectory() as folder:
        runner = new_runner(options, folder, keep=ALONE)
        runner.register_hook(record)
        try:
            runner.train()
            outcome = 'trained'
        except RunError as error:
            outcome = f'stopped: {str(error).split(";")[0]}'
    hub = runner.message_hub
    accuracy = hub.log_scalars.get('val/accuracy/top1')
    return {
        'steps': len(record.losses),
        'highest_loss': max(record.losses),
        'last_loss': statistics.fmean(record.losses[-25:]),
        'top1': None if accuracy is None else float(accuracy.current()),
        'left_out': hub.runtime_info.get('nonfinite_skips', 0),
        'outcome': outcome,
    }


def main() -> None:
    """Try, tell, and print a JSON object as the last line."""
    args = parse_args()
    if not DATA.is_dir():
        sys.exit(f'error: {DATA} is not there; bash tools/quickstart.sh')
    torch.set_num_threads(1)
    result: dict[str, Any] = {'benchmark': 'recipes'}
    limit = None
    for part in args.parts:
        known = MEMORY if part == 'memory' else STABILITY
        found = result.setdefault(part, {})
        for name in known:
            if args.recipes and name not in args.recipes:
                continue
            if part == 'memory':
                found[name] = try_memory(name, limit)
                limit = found[name]['limit_mib']
            else:
                found[name] = in_child(try_stability, name)
            figures = (
                f'{k} {v:.4g}' if isinstance(v, float) else f'{k} {v}'
                for k, v in found[name].items()
            )
            print(f'{name:28} {"; ".join(figures)}', flush=True)
    print(json.dumps(result))


if __name__ == '__main__':
    main()
