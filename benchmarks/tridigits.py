"""Train every TriDigits config over several seeds, score every subset.

    python benchmarks/tridigits.py [--seeds 0 1 2] [--configs concat ...]

Each run goes to ``WORK_DIR/<config>/seed<n>``; one that is finished is not
done again, one that was interrupted goes on. The last checkpoint is tested:
with all modalities the validation is soon perfect, and the best one would be
an early one, whose weaker encoders have hardly learned. Prints the table of
``configs/tridigits/README.md`` and, as its last line, a JSON object.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'configs' / 'tridigits'
METRIC = '/accuracy/top1'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--configs', nargs='+', help='the start of names')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument('--work-dir', default='work_dirs/tridigits')
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs at a time, a thread each'
    )
    return parser.parse_args()


def call(log: Path, *command: str) -> None:
    """Run a tool on one thread, its output in ``log``.

    Raises:
        SystemExit: If it fails; the message names the log.
    """
    environment = os.environ | {'OMP_NUM_THREADS': '1'}
    with log.open('a') as file:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f'{" ".join(command)} failed, see {log}')


def run(config: Path, seed: int, folder: Path) -> dict[str, float]:
    """Train and test once.

    Args:
        config (Path): The experiment.
        seed (int): Random seed.
        folder (Path): Work folder.

    Returns:
        dict[str, float]: Accuracy by subset of the modalities.
    """
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / 'subsets.json'
    if not result.exists():
        call(
            folder / 'train.txt',
            *('tools/train.py', str(config), '--work-dir', str(folder)),
            *('--seed', str(seed), '--resume', '--no-test'),
        )
        last = (folder / 'last_checkpoint').read_text().strip()
        call(
            folder / 'test.txt',
            *('tools/test.py', str(config), last, '--subsets'),
            *('--work-dir', str(folder / 'test'), '--out', str(result)),
        )
    metrics = json.loads(result.read_text())['metrics']
    print(f'{folder}: done', file=sys.stderr, flush=True)
    return {
        name.removesuffix(METRIC): value
        for name, value in metrics.items()
        if name.endswith(METRIC)
    }


def summary(runs: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation over the seeds, in percent."""
    return {
        subset: {
            'mean': 100 * statistics.mean(r[subset] for r in runs),
            'std': 100 * statistics.pstdev(r[subset] for r in runs),
        }
        for subset in runs[0]
    }


def main() -> None:
    """Run what is not done yet, then print."""
    args = parse_args()
    wanted = tuple(args.configs or ('',))
    paths = [
        p for p in sorted(CONFIGS.glob('*.py')) if p.name.startswith(wanted)
    ]
    work_dir = Path(args.work_dir).resolve()
    with ThreadPoolExecutor(args.jobs) as pool:
        jobs = {
            path: [
                pool.submit(run, path, s, work_dir / path.stem / f'seed{s}')
                for s in args.seeds
            ]
            for path in paths
        }
        table = {
            path.stem: summary([job.result() for job in jobs[path]])
            for path in paths
        }
    print('| config | given | accuracy, % |\n|---|---|---|')
    for name, subsets in table.items():
        for subset, score in subsets.items():
            figures = f'{score["mean"]:.1f} ± {score["std"]:.1f}'
            print(f'| {name} | {subset} | {figures} |')
    print(
        json.dumps(
            {'benchmark': 'tridigits', 'seeds': args.seeds, 'accuracy': table}
        )
    )


if __name__ == '__main__':
    main()
