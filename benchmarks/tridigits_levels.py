"""Test TriDigits checkpoints on test sets of rising damage, draw the curves.

    python benchmarks/tridigits_levels.py late_frozen_b64-6e_tridigits_hard \
        speech_tiny_b64-20e_tridigits_hard ... --out docs/levels.png

Takes the checkpoints that benchmarks/tridigits.py left in its work folder.
The test sets are made beside the clean one with
tools/dataset_converters/tridigits_hard.py where they are missing. Prints a
table and, as its last line, a JSON object.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.tridigits import (
    CONFIGS,
    last_checkpoint,
    options_of,
)

METRIC = 'accuracy/top1'
Curves = dict[str, dict[float, list[float]]]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('configs', nargs='+', help='names of configs')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--levels', nargs='+', type=float, default=[0, 0.25, 0.5, 0.75, 1]
    )
    parser.add_argument('--work-dir', default='work_dirs/tridigits')
    parser.add_argument('--source', type=Path, default='data/tridigits_packed')
    parser.add_argument('--out', type=Path, help='picture to draw')
    return parser.parse_args()


def data_of(level: float, source: Path) -> Path:
    """The data set of a level, made if it is not there."""
    from trimodal.datasets.converters import (
        HardOptions,
        convert_tridigits_hard,
    )

    folder = source.with_name(f'tridigits_hard_{round(100 * level):03d}')
    convert_tridigits_hard(source, folder, HardOptions(level=level))
    return folder


def accuracy(name: str, seed: int, data: Path, work_dir: Path) -> float:
    """Test one checkpoint on one data set; what was tested is not again."""
    from trimodal.engine.runner import TestOptions, test

    folder = work_dir / name / f'seed{seed}'
    kept = folder / 'levels.json'
    known = json.loads(kept.read_text()) if kept.exists() else {}
    if data.name not in known:
        path = next(CONFIGS.glob(f'*/{name}.py'))
        options = options_of(path, seed, work_dir)
        options['test_dataloader.dataset.data_root'] = str(data)
        options['experiment_name'] = f'{name}_{seed}_{data.name}'
        with (folder / 'levels.txt').open('a') as log, redirect_stdout(log):
            metrics = test(
                str(path),
                str(last_checkpoint(folder)),
                TestOptions(
                    work_dir=str(folder / 'test'), cfg_options=options
                ),
            )
        known[data.name] = float(metrics[METRIC])
        kept.write_text(json.dumps(known, indent=1))
    return known[data.name]


def draw(curves: Curves, path: Path) -> None:
    """Mean and spread against the level, a panel for each training set."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    # Names end with the set, after the number of epochs.
    sets = sorted({name.split('e_')[-1] for name in curves})
    figure, panels = pyplot.subplots(
        1,
        len(sets),
        figsize=(1 + 3.5 * len(sets), 3.5),
        sharey=True,
        squeeze=False,
        layout='constrained',
    )
    for axes, trained_on in zip(panels[0], sets, strict=True):
        axes.set(title=f'trained on {trained_on}', xlabel='level of damage')
        axes.grid(alpha=0.3)
        for name in curves:
            if name.split('e_')[-1] == trained_on:
                _draw_curve(axes, name.split('_')[0], curves[name])
        axes.legend(fontsize=8)
    panels[0][0].set(ylabel='accuracy on the test split, %')
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def _draw_curve(
    axes: Any, label: str, points: Mapping[float, Sequence[float]]
) -> None:
    levels = sorted(points)
    middle = [100 * statistics.mean(points[level]) for level in levels]
    spread = [100 * statistics.pstdev(points[level]) for level in levels]
    axes.errorbar(levels, middle, spread, label=label, capsize=2, marker='.')


def markdown(curves: Curves, levels: Sequence[float]) -> str:
    """One line a config, one column a level."""
    lines = [['config', *map(str, levels)], ['---'] * (1 + len(levels))]
    for name, points in curves.items():
        cells = [
            f'{100 * statistics.mean(points[level]):.1f} ± '
            f'{100 * statistics.pstdev(points[level]):.1f}'
            for level in levels
        ]
        lines.append([name, *cells])
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def means(curves: Mapping[str, Mapping[float, Sequence[float]]]) -> dict:
    """Mean accuracies in percent, for the last line."""
    return {
        name: {
            str(level): 100 * statistics.mean(values)
            for level, values in points.items()
        }
        for name, points in curves.items()
    }


def main() -> None:
    """Test what was not tested yet, then print and draw."""
    args = parse_args()
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    work_dir = Path(args.work_dir).resolve()
    data = {level: data_of(level, args.source) for level in args.levels}
    curves = {
        name: {
            level: [
                accuracy(name, seed, data[level], work_dir)
                for seed in args.seeds
            ]
            for level in args.levels
        }
        for name in args.configs
    }
    print(markdown(curves, args.levels))
    if args.out:
        draw(curves, args.out)
    content = {'seeds': args.seeds, 'accuracy': means(curves)}
    print(json.dumps({'benchmark': 'tridigits_levels'} | content))


if __name__ == '__main__':
    main()
