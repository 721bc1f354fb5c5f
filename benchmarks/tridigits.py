"""Train TriDigits configs over several seeds, score every subset.

    python benchmarks/tridigits.py [--sets tridigits_hard] [--configs late ...]

Does what tools/train.py and tools/test.py do, many runs in each process, one
thread a process. Each run goes to ``WORK_DIR/<config>/seed<n>``; one that is
finished is not done again, one that was interrupted goes on. Encoders that a
config takes from another one are those of the same seed; that config is
trained first. The last checkpoint is tested: with all modalities the
validation is soon perfect, and the best one would be an early one, whose
weaker encoders have hardly learned. Prints a table and, as its last line, a
JSON object.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from mmengine.config import Config

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'configs'
METRIC = '/accuracy/top1'
# What the tables of a set show, in which unit.
SETS = {
    'tridigits': {METRIC: 100.0},
    'tridigits_hard': {METRIC: 100.0},
    'tridigits_reg': {'/regression/mae': 1.0, '/regression/r2': 1.0},
    'tridigits_det': {'/coco/AP50': 100.0, '/coco/AP': 100.0},
    'connected_digits': {'/text/wer': 100.0, '/text/cer': 100.0},
}
KEPT = tuple(metric for shown in SETS.values() for metric in shown)
# What changes no number: less to write, and no processes beside the runs'.
QUIET = {
    'default_hooks.checkpoint.interval': 10,
    'default_hooks.checkpoint.max_keep_ckpts': 1,
    'default_hooks.checkpoint.save_best': None,
    'visualizer.vis_backends': [],
}
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--sets', nargs='+', choices=SETS, default=['tridigits']
    )
    parser.add_argument('--configs', nargs='+', help='the start of names')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument('--work-dir', default='work_dirs/tridigits')
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs at a time, a thread each'
    )
    return parser.parse_args()


def encoders_of(path: Path) -> dict[str, str]:
    """The config that each encoder of a config comes from, by modality."""
    encoders = Config.fromfile(path).model.encoders
    return {
        name: Path(encoder.init_cfg.checkpoint).parent.name
        for name, encoder in encoders.items()
        if 'init_cfg' in encoder
    }


def ordered(paths: Sequence[Path]) -> list[list[Path]]:
    """Configs in two stages: those that others need go first.

    Args:
        paths (Sequence[Path]): Experiments.

    Returns:
        list[list[Path]]: The first stage with what is needed besides
        ``paths``, and the second.
    """
    first, second = [], []
    for path in paths:
        needed = encoders_of(path)
        (second if needed else first).append(path)
        first += [path.with_name(f'{stem}.py') for stem in needed.values()]
    return [list(dict.fromkeys(first)), second]


def last_checkpoint(folder: Path) -> Path:
    """The checkpoint a finished run ended with.

    Raises:
        FileNotFoundError: If there is none.
    """
    note = folder / 'last_checkpoint'
    if not note.exists():
        raise FileNotFoundError(f'{folder} holds no finished training')
    return folder / Path(note.read_text().strip()).name


def options_of(path: Path, seed: int, work_dir: Path) -> dict[str, Any]:
    """Settings that go before those of the config."""
    options = dict(QUIET)
    for loader in LOADERS:
        options[f'{loader}.num_workers'] = 0
        options[f'{loader}.persistent_workers'] = False
    for name, stem in encoders_of(path).items():
        found = last_checkpoint(work_dir / stem / f'seed{seed}')
        options[f'model.encoders.{name}.init_cfg.checkpoint'] = str(found)
    return options


def run(path: Path, seed: int, work_dir: Path, subsets: bool = True) -> float:
    """Train and test once, unless that is done; returns processor seconds."""
    folder = work_dir / path.stem / f'seed{seed}'
    result = folder / 'subsets.json'
    if result.exists():
        return 0.0
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / 'log.txt'
    start = time.process_time()
    with log.open('a') as file, redirect_stdout(file), redirect_stderr(file):
        try:
            metrics = train_and_test(path, seed, folder, work_dir, subsets)
        except Exception as error:
            traceback.print_exc()
            what = f'{path.stem}, seed {seed}: {error}, see {log}'
            raise RuntimeError(what) from error
    seconds = time.process_time() - start
    content = {'metrics': metrics, 'processor_seconds': seconds}
    partial = result.with_suffix('.part')
    partial.write_text(json.dumps(content, indent=1))
    partial.replace(result)
    return seconds


def train_and_test(
    path: Path, seed: int, folder: Path, work_dir: Path, subsets: bool = True
) -> dict[str, float]:
    """The accuracy of every subset of the modalities, or all of one test."""
    # Imported late: the main process only waits and adds up.
    from trimodal.engine.runner import TestOptions, TrainOptions, test, train

    options = options_of(path, seed, work_dir)
    # Runs of one process that share a name would share their logs, too.
    options['experiment_name'] = f'{path.stem}_{seed}_train'
    train(
        str(path),
        TrainOptions(
            work_dir=str(folder),
            resume='auto',
            seed=seed,
            cfg_options=options,
            test=False,
        ),
    )
    options['experiment_name'] = f'{path.stem}_{seed}_test'
    metrics = test(
        str(path),
        str(last_checkpoint(folder)),
        TestOptions(
            work_dir=str(folder / 'test'),
            subsets=subsets,
            cfg_options=options,
        ),
    )
    return {
        name: float(value)
        for name, value in metrics.items()
        if not subsets or name.endswith(KEPT)
    }


def one_thread() -> None:
    """Prepare a worker process."""
    import torch

    torch.set_num_threads(1)


def run_all(stages: Sequence[Sequence[tuple]], jobs: int) -> None:
    """Run every stage, ``jobs`` runs at a time, and tell of each.

    Args:
        stages (Sequence[Sequence[tuple]]): Arguments of :func:`run`.
        jobs (int): Processes.
    """
    os.environ['OMP_NUM_THREADS'] = '1'
    context = multiprocessing.get_context('spawn')
    for stage in stages:
        if not stage:
            continue
        with ProcessPoolExecutor(
            min(jobs, len(stage)), context, one_thread
        ) as pool:
            waiting = {pool.submit(run, *item): item for item in stage}
            for count, done in enumerate(as_completed(waiting), 1):
                path, seed, *_ = waiting[done]
                try:
                    seconds = done.result()
                except RuntimeError as error:
                    pool.shutdown(cancel_futures=True)
                    raise SystemExit(f'error: {error}') from error
                print(
                    f'[{count}/{len(stage)}] {path.stem}, seed {seed}: '
                    f'{seconds:.0f} s of processor time',
                    file=sys.stderr,
                    flush=True,
                )


def scores(result: Path, metric: str = METRIC) -> dict[str, float]:
    """A metric by subset of the modalities, as :func:`run` wrote it."""
    metrics = json.loads(result.read_text())['metrics']
    return {
        name.removesuffix(metric): value
        for name, value in metrics.items()
        if name.endswith(metric)
    }


def summary(
    runs: Sequence[dict[str, float]], unit: float = 100.0
) -> dict[str, dict[str, float]]:
    """Mean and standard deviation over the seeds, by default in percent."""
    return {
        subset: {
            'mean': unit * statistics.mean(r[subset] for r in runs),
            'std': unit * statistics.pstdev(r[subset] for r in runs),
        }
        for subset in runs[0]
    }


def markdown(
    table: Mapping[str, Mapping[str, Mapping[str, float]]], digits: int = 1
) -> str:
    """One line a config, one column a subset of the modalities."""
    # In the order of the config that has most of them.
    most_first = sorted(table.values(), key=len, reverse=True)
    subsets = list(dict.fromkeys(s for scored in most_first for s in scored))
    lines = [['config', *subsets], ['---'] * (1 + len(subsets))]
    for name, scored in table.items():
        figures = [
            f'{scored[s]["mean"]:.{digits}f} ± {scored[s]["std"]:.{digits}f}'
            if s in scored
            else '–'
            for s in subsets
        ]
        lines.append([name, *figures])
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def main() -> None:
    """Run what is not done yet, then print."""
    args = parse_args()
    wanted = tuple(args.configs or ('',))
    paths = [
        path
        for name in args.sets
        for path in sorted((CONFIGS / name).glob('*.py'))
        if path.name.startswith(wanted)
    ]
    if not paths:
        raise SystemExit(f'error: no config begins with {args.configs}')
    work_dir = Path(args.work_dir).resolve()
    stages = [
        [(path, seed, work_dir) for seed in args.seeds for path in stage]
        for stage in ordered(paths)
    ]
    run_all(stages, args.jobs)
    content: dict[str, Any] = {'seeds': args.seeds}
    shown = [(n, m, u) for n in args.sets for m, u in SETS[n].items()]
    for name, metric, unit in shown:
        table = {
            path.stem: summary(
                [
                    scores(folder / f'seed{seed}' / 'subsets.json', metric)
                    for seed in args.seeds
                ],
                unit,
            )
            for path in paths
            if path.parent.name == name
            for folder in [work_dir / path.stem]
        }
        print(metric[1:], markdown(table, 1 if unit == 100 else 2), sep='\n')
        kind = 'accuracy' if metric == METRIC else metric.split('/')[-1]
        content.setdefault(kind, {}).update(table)
    print(json.dumps({'benchmark': 'tridigits'} | content))


if __name__ == '__main__':
    main()
