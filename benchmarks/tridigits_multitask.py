"""Train one model of four tasks under each weighting, and four models.

    python benchmarks/tridigits_multitask.py [--seeds 0 1] [--configs pc ...]

Every config of ``configs/tridigits_multitask/``, in the way of
``benchmarks/tridigits.py``: each run goes to ``WORK_DIR/<config>/seed<n>``,
one that is finished is not done again, one that was interrupted goes on; the
last checkpoint is tested. Prints the tables of that folder's README (mean and
standard deviation over the seeds), one with all modalities and one without
gestures, and, as its last line, a JSON object.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.tridigits import run_all  # noqa: E402

FOLDER = ROOT / 'configs' / 'tridigits_multitask'
# What the table shows, by the name of the metric, and its unit.
COLUMNS = {
    'accuracy/top1': ('class: accuracy, %', 100.0),
    'regression/mae': ('value: MAE', 1.0),
    'text/wer': ('text: WER, %', 100.0),
    'coco/AP50': ('boxes: AP50, %', 100.0),
    'coco/AP': ('boxes: AP, %', 100.0),
}
SUBSETS = ('speech+gesture+image', 'speech+image')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    add = parser.add_argument
    add('--configs', nargs='+', default=[''], help='the start of names')
    add('--seeds', nargs='+', type=int, default=[0, 1, 2])
    add('--work-dir', default='work_dirs/tridigits_multitask')
    add('--jobs', type=int, default=2, help='runs at a time, a thread each')
    return parser.parse_args()


def figures(
    results: Sequence[Path], subset: str
) -> dict[str, dict[str, float]]:
    """Mean and standard deviation of what a table shows.

    Args:
        results (Sequence[Path]): What the runs of a config wrote, one a seed.
        subset (str): The modalities that were given.

    Returns:
        dict[str, dict[str, float]]: By metric; of those that it has.
    """
    found = [json.loads(path.read_text()) for path in results]
    shown = {
        name: [run['metrics'][f'{subset}/{name}'] * unit for run in found]
        for name, (_, unit) in COLUMNS.items()
        if f'{subset}/{name}' in found[0]['metrics']
    }
    shown['minutes'] = [run['processor_seconds'] / 60 for run in found]
    return {
        name: {
            'mean': statistics.mean(values),
            'std': statistics.pstdev(values),
        }
        for name, values in shown.items()
    }


def markdown(table: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """One line a config, one column a metric."""
    titles = {name: title for name, (title, _) in COLUMNS.items()}
    titles['minutes'] = 'minutes of one core'
    lines = [['config', *titles.values()], ['---'] * (1 + len(titles))]
    for config, found in table.items():
        cells = [
            f'{found[name]["mean"]:.2f} ± {found[name]["std"]:.2f}'
            if name in found
            else '–'
            for name in titles
        ]
        lines.append([config.split('_')[0], *cells])
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def main() -> None:
    """Run what is not done yet, then print."""
    args = parse_args()
    wanted = tuple(args.configs)
    paths = [
        p for p in sorted(FOLDER.glob('*.py')) if p.name.startswith(wanted)
    ]
    if not paths:
        raise SystemExit(f'error: no config begins with {args.configs}')
    work_dir = Path(args.work_dir).resolve()
    run_all(
        [[(path, seed, work_dir) for seed in args.seeds for path in paths]],
        args.jobs,
    )
    tables = {}
    for subset in SUBSETS:
        tables[subset] = {
            path.stem: figures(
                [
                    work_dir / path.stem / f'seed{seed}' / 'subsets.json'
                    for seed in args.seeds
                ],
                subset,
            )
            for path in paths
        }
        print(subset, markdown(tables[subset]), sep='\n')
    content = {'seeds': args.seeds, 'figures': tables}
    print(json.dumps({'benchmark': 'tridigits_multitask'} | content))


if __name__ == '__main__':
    main()
